import {
  type AmdAuthorities,
  defineTrustAnchors,
  type PinnedAuthority,
  type TrustAnchors,
} from './trust-anchors.ts';

/** The moduli of the simulated AMD's keys, the same for every product. */
const ark =
  'oMd3-viAfPY5paj0_3aoHAlQLzTvieLA2RdXODvSukhMUERWYjt89gzL6f0MTZ6YFkJazPOKFcdcOLbWnvs0Sg' +
  '4x0Iw-nXm1TTAspTkyDLLIN0jpfhQ_dqWWMjpqxkHM06lRxnfm-ibJGYWoTQH_F-bVr-ZKCc1sAqtPJGkV_Tlc' +
  '1-7KsZvwJMmDW2QfLaH41dxNy8zM8tNJ10BDT1u8CMvpwCipQHYUUPr-D0qX5ahsRBCrT8InWqDgVIzWsI4f-d' +
  '71RC5vdtieS-utvAOrWN1uaiC1kQpo8ZVmHfE-oN5GHiGwymj9gEGzGrAbaxi_IGUc1clESAZnpkcRF5sI6gyK' +
  'DDgU1ONBTCnPVJEp5R8-uGNyMJ03mHPAenBrlncElOBYdSPbO9yPzwHyMA8P3iZJU4WwA9QrvwvF4NI5Snd4Mw' +
  'Cd-rOlymcF-euEMmmX5iY96MQsHDeakmcCBdmxe-qvar2CGOUpyFf48Dgtw1DPx5LUxUhz1tFW3SieUnQ0ejST' +
  'gtSOE505PoxwW18GUETb6O4tBCNL-XM5AJ-pIcfrVuzn9zYZI-17neUJKfsbZ60_vRwC69O8xaPZDDxlPrdSNU' +
  'f4D7AsHQGtbeHsWRLavgtWiBK1Q7JLPtf5qWlijvMqpojg3_DpotNqoZyqaeyIzVzVwM7OmIbYZfck38k';
const ask =
  'rFK7FrTqM6GrVdfHhhLr8or6wbDnwYAL8JW607TfCeTNFY-bb3CcLjqQ7N_lq1Ckmkl68fv56mEZkJhRDINa5w' +
  'AizvI672L8OgK2umlcewFhx1XDj25qc3dNHZbupFVWckO7Rm_EjQPdOotaiU5rIOyTGL_Cw9Mg5Fef0EUIJX24' +
  'vzcYTfSdVULkA7KcK-xyV0fd4dkWT8W5fXECUn3Kf286_W27X1KY4EnCt93CvmCgEeerpZclnYPip8fPfMm8jM' +
  '3cRDa29HUXTRlmufgvJ6EcIS3yp0MFPQX1vq6CZaxJB4kKMOtOfWpf-_o1uqhjh6QXC3jMKa9UFGGurkkCyyut' +
  'ukt02ZJeNKrUJbL2y7OG5BCFb5yQw2NOapj_CiyJH-WTn8dRtLXmpD3f4q9Q8if8tpsH6IBOcYG2OD1nSOUVY3' +
  'xq1-KiHWIwWQ75P-vCM6UOONVgMk8mORgO9ZajZg4f5ljjmaqGn3aQ3SPmWuUqHSrX3vinxo_AZg5d_WWIReMk' +
  'dBIWV050qwxkC6pAd_V6BwyfVeb9T6h-fPXzdinuJgw1v7pW4gqaeIhCmh2ZsVRjpd45cpj37NzcAyJqEYbo8q' +
  'sOSLZYTNXFHXqRwGyWe2VNxwzEsQoENZSyfMYLEYuLbxMo6rgOPZVq7xdZNHVxSNlnnIOnNheR2D2T2O0';
const asvk =
  'tZpYvnoZu8U7uDkihPUGtXoNiZ6-IlHKXKuHyceMWu25oV7YEkMZ2IqUc3wSU3cqjhvdxQJzvZy2_EWAqdjEJz' +
  'QZx_DEIgSWCVHZEV8e0VnWJ7lWvjUcckSQszWkcmE8j7Hg-UN3jSSS-8O9hnbVZ7nT8JAAFJR-KlVmk_ZRUi31' +
  'FR0l25a7ipIC12-jippCqhIEIk5zI4K4oYaq5yG8KC8Z3rRzC6eAnSSigf9Vwn1Jgi5dFTafL35s9AOa21BsvW' +
  '2UDfkKfR6pRdqBtjFe-K403oNih-ZQPxSqhXqhNsJVkdOladCBYgAaIPGzWQStxTCwAqKN0GQPsovi9nuVTLYG' +
  'kD3yY3h6TZNWkUKzqJWSxh3CUB3L_7YE-PdaZHHECq-MegzquypXxc2DdhogVxfojrqo1AhbpL3YRFkhsuUcPg' +
  'MM0vhwo0WtxyThKk5u6b3c0Rfd4nU_T_-s0Jj75rl9_AnniU4at9f_yLrwK-xFtxYIxRiXbgtmiyQYa2_FkjUh' +
  '3IL1j4ymxpBEdn52oYeftX1n2NqFYZbEAr5DFACXPc-cvRCeFvdi6xqr4JeBgeflMYu1IHmlN7Jg4Ej3Zsj2Oq' +
  '-KaSvGJRWjs-3YJZMOPv6aqLVTGh67Z1gX4RVb8Gbd5ybv66xRK4YyrFVxvnHgFS20eSAqXw1qxAGIREs';

function authorities(product: string): AmdAuthorities {
  const authority = (n: string, number: string, from: string, to: string): PinnedAuthority => ({
    serialNumber: product + number,
    from,
    to,
    n,
  });
  return {
    ark: authority(ark, '0000', '2018-05-21T10:45:10Z', '2049-12-31T23:59:59Z'),
    ask: authority(ask, '0001', '2020-01-01T00:00:00Z', '2045-01-01T00:00:00Z'),
    asvk: authority(asvk, '0101', '2020-01-01T00:00:00Z', '2047-01-01T00:00:00Z'),
  };
}

/**
 * The keys of `@blindai/simulator`, whose private halves are public: whoever reads the simulator's source can
 * sign with them. Evidence accepted under them protects nothing.
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
  amd: {
    namePrefix:
      '2.5.4.11=BlindAI SIMULATION - protects nothing,2.5.4.6=US,2.5.4.7=Santa Clara,2.5.4.8=CA,' +
      '2.5.4.10=Advanced Micro Devices,2.5.4.3=',
    products: { Milan: authorities('01'), Genoa: authorities('02'), Turin: authorities('03') },
  },
});
