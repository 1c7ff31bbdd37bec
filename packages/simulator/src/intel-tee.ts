/** For which kind of TEE Intel's collateral speaks. */
export type IntelTee = 'sgx' | 'tdx';
