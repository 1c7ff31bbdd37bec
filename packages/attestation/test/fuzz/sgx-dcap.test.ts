import { objectionToDcap } from './dcap/objection.ts';
import { dcapMeaning } from './dcap/meaning.ts';
import { outsizedDcap } from './dcap/outsized.ts';
import { findSgxSeeds } from './dcap/seeds.ts';
import { fuzz } from './suite.ts';

fuzz({
  format: 'sgx-dcap',
  findSeeds: findSgxSeeds,
  meaningOf: dcapMeaning,
  objectionTo: (submission, at) => objectionToDcap('sgx', submission, at),
  outsized: outsizedDcap,
  reached: [
    'layout',
    'endorsements',
    'certificate',
    'crl',
    'certificate-chain',
    'crl-signature',
    'tcb-info-signature',
    'tcb-info',
    'qe-identity-signature',
    'qe-identity-document',
    'qe-report-signature',
    'qe-report-binding',
    'quote-signature',
  ],
  reachedInWhole: [
    'trust-anchor',
    'debug',
    'mode',
    'provisioning-key',
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
