import { nitroMeaning } from './nitro/meaning.ts';
import { objectionToNitro } from './nitro/objection.ts';
import { outsizedNitro } from './nitro/outsized.ts';
import { findNitroSeeds } from './nitro/seeds.ts';
import { fuzz } from './suite.ts';

fuzz({
  format: 'aws-nitro',
  findSeeds: findNitroSeeds,
  meaningOf: nitroMeaning,
  objectionTo: objectionToNitro,
  outsized: outsizedNitro,
  reached: [
    'layout',
    'endorsements',
    'certificate',
    'trust-anchor',
    'certificate-chain',
    'document-signature',
  ],
  reachedInWhole: ['certificate-validity'],
});
