import { azureTdxMeaning } from './azure/meaning.ts';
import { objectionToAzureTdx } from './azure/objection.ts';
import { outsizedAzureTdx } from './azure/outsized.ts';
import { findAzureTdxSeeds } from './azure/seeds.ts';
import { fuzz } from './suite.ts';

fuzz({
  format: 'azure-tdx-vtpm',
  findSeeds: findAzureTdxSeeds,
  meaningOf: azureTdxMeaning,
  objectionTo: objectionToAzureTdx,
  outsized: outsizedAzureTdx,
  reached: [
    'layout',
    'endorsements',
    'certificate',
    'crl',
    'certificate-chain',
    'crl-signature',
    'tcb-info-signature',
    'qe-identity-signature',
    'runtime-data',
    'runtime-binding',
    'tpm-quote',
    'tpm-quote-signature',
    'pcr-digest',
  ],
  reachedInWhole: [
    'trust-anchor',
    'qe-report-signature',
    'qe-report-binding',
    'quote-signature',
    'tdx-module',
    'debug',
    'migration',
    'td-attributes',
    'certificate-validity',
    'crl-validity',
    'tcb-info-validity',
    'qe-identity-validity',
    'qe-vendor',
    'qe-identity',
    'platform-match',
    'tcb-status',
  ],
});
