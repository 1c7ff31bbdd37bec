import { azureSnpMeaning } from './azure/meaning.ts';
import { objectionToAzureSnp } from './azure/objection.ts';
import { outsizedAzureSnp } from './azure/outsized.ts';
import { findAzureSnpSeeds } from './azure/seeds.ts';
import { fuzz } from './suite.ts';

fuzz({
  format: 'azure-snp-vtpm',
  findSeeds: findAzureSnpSeeds,
  meaningOf: azureSnpMeaning,
  objectionTo: objectionToAzureSnp,
  outsized: outsizedAzureSnp,
  reached: [
    'layout',
    'endorsements',
    'certificate',
    'crl',
    'certificate-chain',
    'crl-signature',
    'platform-match',
    'report-signature',
    'runtime-data',
    'runtime-binding',
    'tpm-quote',
    'tpm-quote-signature',
    'pcr-digest',
  ],
  reachedInWhole: [
    'trust-anchor',
    'certificate-validity',
    'crl-validity',
    'debug',
    'migration',
    'vmpl',
  ],
});
