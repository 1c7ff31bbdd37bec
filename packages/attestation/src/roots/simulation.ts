import { defineTrustAnchors, type TrustAnchors } from './trust-anchors.ts';

/**
 * The root key of `@blindai/simulator`, whose private half is public: whoever reads the simulator's source
 * can sign with it. Evidence accepted under it protects nothing.
 */
export const simulationAnchors: TrustAnchors = defineTrustAnchors({
  name: 'simulation',
  intelRootKey:
    '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
    '2b007380e4b112aab062540844488a579732d0bb0ba247382cdc13125bbb906a' +
    'b2821b00ed29c5fec7394850c73f347aba62d383da353d7b02f4b4a8a34e6d04',
  awsNitroRootKey:
    '3076301006072a8648ce3d020106052b8104002203620004' +
    'b4c83f6976017743343c5254f80c85439b70fe6a7275872c621a7dc65ae79bbbe8e339e555b9fcc6452d84fdf7e507f5' +
    'ecd201e93596e2f636de6cd375f84186cf98ff923f2ea374f91e690af1071183cff5310ad5ee36f7f7130f2ca0cf9065',
});
