/** What TCB info says of the TDX module: whom a genuine one names as its signer, and its SEAMATTRIBUTES. */
export interface TdxModule {
  readonly mrsigner: string;
  readonly attributes: string;
  readonly attributesMask: string;
}

/** What TCB info says of one major version of the TDX module, `TDX_` and the version in hexadecimal. */
export interface TdxModuleIdentity extends TdxModule {
  readonly id: string;
  readonly tcbLevels: readonly TdxModuleTcbLevel[];
}

/** One level of an identity: a module whose SVN is not below it has its status. */
export interface TdxModuleTcbLevel {
  readonly tcb: { readonly isvsvn: number };
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

/** Which ISVSVN gives a module of version 1 or above which status; `unmatched` is below every level. */
const isvSvns = { UpToDate: 4, OutOfDate: 2, Revoked: 1, unmatched: 0 } as const;

/**
 * The same for a module of version 0, which TCB info judges by component 0 of its levels. All levels
 * ask for more than any ISVSVN above, so that whoever compares the two is wrong at once.
 */
const componentSvns = { UpToDate: 7, OutOfDate: 6, Revoked: 5, unmatched: 3 } as const;

/**
 * A status that a simulated TDX module can have; `unmatched` is below every level.
 *
 * @useDeclaredType
 */
export type SimulatedModuleStatus = keyof typeof isvSvns;

/** Every status that a simulated TDX module can have, best first. */
export const simulatedModuleStatuses: readonly SimulatedModuleStatus[] = [
  'UpToDate',
  'OutOfDate',
  'Revoked',
  'unmatched',
];

/** What of TEE_TCB_SVN tells of the module: its SVN (byte 0) and its version (byte 1). */
export function moduleSvns(version: number, status: SimulatedModuleStatus): readonly number[] {
  return [(version === 0 ? componentSvns : isvSvns)[status], version];
}

/** A module that Intel signed: no signer but Intel, no attributes. */
export const tdxModule: TdxModule = {
  mrsigner: '0'.repeat(96),
  attributes: '0'.repeat(16),
  attributesMask: 'F'.repeat(16),
};

/** The versions that the vendor publishes, in its order. */
export const tdxModuleIdentities: readonly TdxModuleIdentity[] = ['TDX_03', 'TDX_01'].map((id) => ({
  id,
  ...tdxModule,
  tcbLevels: [
    {
      tcb: { isvsvn: isvSvns.UpToDate },
      tcbDate: '2024-03-13T00:00:00Z',
      tcbStatus: 'UpToDate',
    },
    {
      tcb: { isvsvn: isvSvns.OutOfDate },
      tcbDate: '2023-08-09T00:00:00Z',
      tcbStatus: 'OutOfDate',
      advisoryIDs: ['INTEL-SA-01036'],
    },
    {
      tcb: { isvsvn: isvSvns.Revoked },
      tcbDate: '2021-11-10T00:00:00Z',
      tcbStatus: 'Revoked',
      advisoryIDs: ['INTEL-SA-01036', 'INTEL-SA-01099'],
    },
  ],
}));
