/** The ports of the server, from the variables that the `blindai` command takes them from, too. */
export const ports: { readonly attestedPort: number; readonly managementPort: number } = {
  attestedPort: Number(process.env['BLINDAI_ATTESTED_PORT'] ?? 9924),
  managementPort: Number(process.env['BLINDAI_MANAGEMENT_PORT'] ?? 9925),
};
