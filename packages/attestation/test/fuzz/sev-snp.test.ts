import { snpMeaning } from './snp/meaning.ts';
import { objectionToSnp } from './snp/objection.ts';
import { outsizedSnp } from './snp/outsized.ts';
import { findSnpSeeds } from './snp/seeds.ts';
import { fuzz } from './suite.ts';

fuzz({
  format: 'sev-snp',
  findSeeds: findSnpSeeds,
  meaningOf: snpMeaning,
  objectionTo: objectionToSnp,
  outsized: outsizedSnp,
  reached: [
    'layout',
    'endorsements',
    'certificate',
    'crl',
    'trust-anchor',
    'certificate-chain',
    'crl-signature',
    'platform-match',
    'report-signature',
  ],
  reachedInWhole: ['certificate-validity', 'crl-validity', 'debug', 'migration', 'vmpl'],
});
