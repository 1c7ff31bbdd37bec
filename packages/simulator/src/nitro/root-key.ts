/**
 * The private key of the fake AWS's root. It is PUBLIC, on purpose: whoever reads this can sign simulated
 * documents, so a signature under this root proves nothing to anybody.
 */
export const publicNitroPrivateKey: JsonWebKey = {
  kty: 'EC',
  crv: 'P-384',
  x: 'tMg_aXYBd0M0PFJU-AyFQ5tw_mpydYcsYhp9xlrnm7vo4znlVbn8xkUthP335Qf1',
  y: '7NIB6TWW4vY23mzTdfhBhs-Y_5I_LqN0-R5pCvEHEYPP9TEK1e429_cTDyygz5Bl',
  d: 'Yfm8Sa3Ta9uAOJ5Vpq0j8odGaz6tgTGLfjM0Tjou8jjnCAm3IMKTC-RDMgwHJ7pU',
};

/** The public half, as a verifier pins it: SubjectPublicKeyInfo in hexadecimal. */
export const nitroSimulationRootKey: string =
  '3076301006072a8648ce3d020106052b8104002203620004b4c83f6976017743343c5254f80c85439b70fe6a7275872c621a7dc65ae79bbbe8e339e555b9fcc6452d84fdf7e507f5ecd201e93596e2f636de6cd375f84186cf98ff923f2ea374f91e690af1071183cff5310ad5ee36f7f7130f2ca0cf9065';
