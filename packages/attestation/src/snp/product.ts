/**
 * Product lines of AMD's processors with SEV-SNP, each with root keys of its own. Bergamo and Siena are of the
 * line of Genoa (AMD 57230, §1).
 */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin';

/** What the processor says of itself: combined family, combined model, stepping (CPUID Fn0000_0001 EAX). */
export interface CpuId {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** By family and the upper half of the model (AMD's processor programming references). */
const linesByModel: Readonly<Record<string, SnpProduct>> = {
  '19-0': 'Milan',
  '19-1': 'Genoa',
  '19-a': 'Genoa', // Bergamo and Siena
  '1a-0': 'Turin',
  '1a-1': 'Turin', // Turin Dense
};

/** The product line of a processor, `null` if it is none of these. */
export function lineOfProcessor({ family, model }: CpuId): SnpProduct | null {
  return linesByModel[`${family.toString(16)}-${(model >> 4).toString(16)}`] ?? null;
}

const linesByName: Readonly<Record<string, SnpProduct>> = {
  Milan: 'Milan',
  Genoa: 'Genoa',
  Bergamo: 'Genoa',
  Siena: 'Genoa',
  Turin: 'Turin',
};

/** The product line that a certificate names, with or without a stepping: `Milan-B0`, `Genoa`. `null` if none. */
export function lineOfName(name: string): SnpProduct | null {
  const [, product = ''] = /^([A-Za-z]+)(?:-[A-Z]\d)?$/.exec(name) ?? [];
  return Object.hasOwn(linesByName, product) ? linesByName[product]! : null;
}
