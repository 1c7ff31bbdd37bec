import type { AmdAnchors } from './trust-anchors.ts';

/**
 * AMD's own keys for SEV-SNP: of the ARK (root), the ASK (signs VCEKs) and the ASVK (signs VLEKs) of each product
 * line; Genoa's are those of Bergamo and Siena too.
 *
 * From the certificates that AMD's key distribution service gives out (AMD 57230, "Certificate Chain"):
 * https://kdsintf.amd.com/vcek/v1/{Milan,Genoa,Turin}/cert_chain and
 * https://kdsintf.amd.com/vlek/v1/{Milan,Genoa,Turin}/cert_chain.
 * Genoa's first ASK, 020001, is revoked; the one here has replaced it.
 */
export const amdAnchors: AmdAnchors = {
  namePrefix:
    '2.5.4.11=Engineering,2.5.4.6=US,2.5.4.7=Santa Clara,2.5.4.8=CA,2.5.4.10=Advanced Micro Devices,2.5.4.3=',
  products: {
    Milan: {
      ark: {
        serialNumber: '010000',
        from: '2020-10-22T17:23:05Z',
        to: '2045-10-22T17:23:05Z',
        n:
          '0Ld52RJOdeiJlqK2JdsVmD7FktuotWwX1fNgW41XY9Xz1HEhSUmhLz9Cu9DHRlvgJSNxbeYYsnJfvyjx1MfU0V' +
          '5tkKiU1EesNFta1kTA0szNisdYc9isqk7mXT5-KfGRbfc4V_9zRIcE8jlHN61S1ju8X93-6dxDUrG2SzxqJ4Bh' +
          'qyYmUDruPXJSX4vUc01P7j98MpqOS95rORdGHeI52Naz5m2B-O-vjsC060d37jY9LFeuOP4Meri8qgfi2S5kKq' +
          'g_aF6aPtuAZQVR7u3KFYXP59XmJgtcog05gmI0T_OitLhuzVvpZcLph0odh_1IPXqx3-MnjD97A7fXpqGd_y8K' +
          'xX7jksTEzAOgbKAeam3lm-3yKIcTYMlsRMXPcjNbIvmsBykD__xSniusuHBkgnlENEWx1UcbQQrs-gVDkuVPhs' +
          'nzIRNgYvM48Y-7LGiJYnrmE8xcrexekBxrva2V9TJQqnN3Q53kt5viQi3-gCfmkwC0F0tirIZbLkXPrPwzZ0M9' +
          'eNxhIySb2npJfgnqz55I0u33wh4r0ZNQeTGfw03MBUtyuzGesGkcw-loqMaq1qR4tjGbPYxCvpCq7-OgpCCoMN' +
          'it2uLo9M18fHz10lOMT8nWAUvRZFzteXCm-7PHdYPlmQwUw3LvenJ_ILXoQPHfbkH0CyPfhl1jWhJFZas',
      },
      ask: {
        serialNumber: '010001',
        from: '2020-10-22T18:24:20Z',
        to: '2045-10-22T18:24:20Z',
        n:
          'nU2drrNTfbhNQIllf-W2y-ROCbSzId1aKZft2T9zjZQOzjGccl17i1mIKWl7NTcB0VYXt3JxZSzOZjsjLNVAEN' +
          '2MGj9TiedL-QewKZX0JmQEuYjm-WKksLtxgdLp9E7EZNwNDqV1r0qRP5tB8OWkyQbIdLeu4aCz7j_Sl1FkByte' +
          'v9sbFGzt7cwnjzi9m7noqsk-uRVBp3-In35QPdcj8YflEmnHBNvuUDJhLCJMW8KOjP6--Phbs3iCitJcANEtW4' +
          'qTNFoKW3CHlbcSCjTM8KsNbUx3A8ek5EVLjZWH1pt9E3TfpR6XyfQKnY6kl5aEIPwdW3eFYaqCFPrIo9pQT6Wu' +
          'DSP4JCYJbZneKKIbZjzXkJt3NQG32EukYImBb9SCkm9-fS5LZFg9ojzubMX3-NkBoSXI7OPvnHMxjup9mw5se6' +
          'QUV7GqpCA2TNypolmuQ-cAaxV7JqHE8dl9pWf-Y3arb-9iiFCwFt4lAlJw5D0CTRTC1Y5YWFDBCrA_vGnmTnqG' +
          '8C-jjUAS7cjjR8q4OPhyDmJRPnaC_ZG5uP0K0z6GoO_3uen9wqshCuHegLTpOeHEJRKrQFr4PVIwVOB0-ebO5F' +
          'goyOw43nyFD5UKBDxEB4BKo_0uAiKHLRvvgLbORbU8KARIs1EoqEjmF8UtrmQWV2hUjwzqwvHFei8rPxM',
      },
      asvk: {
        serialNumber: '010101',
        from: '2022-11-16T22:45:24Z',
        to: '2047-11-16T22:45:24Z',
        n:
          '1EUWkz5FTPz-uWT2hCEyisam8FRuXZAmS3l-rXgSCeS1Q0-1olcnFSJpiwfssfhoutJqePyicu-OhkX131PMeO' +
          '_VOtH3upK4YNJmq36IJp7ZWIm5nK2fJNkYEHW0m_NXcIA9U2iHl5bAQ5cbGp97_FaOJ4VmGoTMV658Yox_plFm' +
          'ZRFfRcsw2hyNhqUl1gzdpnIIgPkygUovFEgaa0IVSgGLHQhZQiebNLLSVWRVReve0t94zlRIRRdrz84cckP9H9' +
          'DTAUMyQaxSZbPINKbV6TPmtrwAV9UP1Qq418xn9I-C0SsWutP_5S1OiL8OTzQ4CvgbHOfd2F3yVv4xDBza4Sel' +
          'F2igoDf-BF4XI_IIHJL2N5uKy3-gkSB2Xl6prohgVmqRFvBW9OTCEa32WhXu0t1Z1abEKDZ3LpZt9_Crg6zyPp' +
          'XDLR_tLHHpSaPRj7CTzHieKMTz-Q6RrCCQcHGfaAD_ETNY56aHvNJRZgbzXDUJvnLr3dYyOvvn_DtKhCSimJyn' +
          'n7Len4ArDVQVwXRPe3hR_asCE2CajT7kGC1AOtUzQuIKZS2D0Qk74g297JhLHpEBlQiyjRJ-LCWZNx9uJcixGy' +
          'zav6fiOWx4U8uWhRzHs8nvDAdcS4LW31tPlA9BeOK_BGimQTu7hM5MDFZL0C9dWK5puCUJex6I2vSqvyc',
      },
    },
    Genoa: {
      ark: {
        serialNumber: '020000',
        from: '2022-01-26T15:34:37Z',
        to: '2047-01-26T15:34:37Z',
        n:
          '3Cd95S_uFOuRIskW9vz9VDBF69NDQF79oRhL_L2PVQGhK3YdfEBgpF_JiwWFBsT_fXDhzA01p3LkcT_7LdjcRf' +
          'KXjHl-0Qq_M4dZkh6QDoUeKzNBLDcBKDDGWo3v35NyrxbA1DnkYwUKU5AAk4P94tKXLp80oxt84ahyHoLmc_Lq' +
          'sGsp-oq1Bz4PPsYLwTG4iMKVaaT90_oZ4I8oibSru92vJhlqWO27d_Rxc3iUMyhNeGToOvgx_iUo4gGpG61NDp' +
          'kEUvIzuKcaMx8IdTpWg2DF6SwF0IgVMffnvtJmA68BwJNWo1E4PLJdaPfBifcJpuBFwNVQIPQEVX3aP89HJSp8' +
          'YbY9lySS6PlVEqTBBtaQmi4ATGmMR-n2K_e-JAhU2Gj7jIpJhOkdH9firQDnmlA2SFfJ_Cc0mGNzW9RmIhyOUn' +
          'NFoclmkRhl3_AQU5Ys9Qsan1jT_EiyT-pCpmnA-y9edvhDCbOG8F2oxHGRdTBkylungrkXJGYiwGrR8kaiqv7N' +
          'N8QhOBMqYjcbrkEr0f8QMKklIS5ruOfqlLMCBw8JLB3LkjpWgtD7OpxkzSsohN47Uom86RY6lp72g8eXHP1qYr' +
          'nvhzaG1S70vw6OkbaaC9EjiH_uHgAJQGxon7u0Q7xgoREWA_e7JcBQwLg80Hq_sbRuqesxz7wBWSY254c',
      },
      ask: {
        serialNumber: '020002',
        from: '2022-10-31T13:33:48Z',
        to: '2047-10-31T13:33:48Z',
        n:
          'oHJhvk4Fwwkwb03AMfLySXJSXmEaCZMTRbLgPaj4oEzaD9tGfxCSw_nsCAiXHQaWUt--bnbjJO05TKT5d-Cdrz' +
          '4_fiRBpbhf0xzvh11O-wJTBPj3uCzDm48vEZ8l5SXMO4wd_QqwsrejFERPD_Hdfv1mGCMW7ac0ug8trDzqGe-l' +
          '-p8NMjp_EqBDY2vd8hLaVLmS-XjAqlYVNRksh9aTzSYL19_cTrBDmqQ2y8k23zNl2lW6q_BtQOpWGVs3EWvBHb' +
          '_Qnf3f3S9-lC4H2jdDy9yn7kqyTWq4WCBnE4qhYJRokulYtzMZM1Ilk4Z6RPkOTR1MJ4gdFtj7lKmrkSuOoJYm' +
          'qhJIsQJ854lAbJybgU7zyzWAwu3uaslkYKUEAQf2ja5Hyl3IBqOzpqY31SpKzbl8NXveZybRMklwfe4iDLI25T' +
          '9ku9CVetDYifCbdGeuHdTwZBBemW4NE57L7iEV8-zz8nxng8OMX__4pXntWqmQbEAnBLv2ToTgd1H2zYRthyDL' +
          'c3V119_-FnTW17LK6bKzTCgEnCHQEcAt0hDQLLF799-2lZTxxfBEoduAZax6IjgAMCi6e1ZfKPJSkdvb2m3Bwf' +
          'P8bniG7-AEJv1WOEmnBJc1pVQCttbJUodbi07Vfen5JRUqAvSM3ObWQOzSAGzsGnpIigwFpW6m9F7uYVU',
      },
      asvk: {
        serialNumber: '020101',
        from: '2022-11-18T20:48:34Z',
        to: '2047-11-18T20:48:34Z',
        n:
          'zL2_xihHscEpxS3-OsQZpAuNIJGSEQZrkoWPtqKMjjZOyXMMRHAheTm56Ei0Mb8TJZlbGDS5x_AdbowstGmpHq' +
          'h2zvSvjZO7V4v6Ft84p71P6GXfOVEQgCuatiszfIwFrRQk_cmU7HuJadBq6XtYE-qBJMjus8C0WwW_IWY9j6pN' +
          'bEA1SnUvVg6t89zfE-AcB5UDCKq09x7qw-rPt9pTpEch0f1bHdRFJlpgWGTq02ohH9bT-6au8kPpvMa3m2p8zd' +
          'IIqtuuSG6srIimrpt24lsr4tLhQG65R_RbVJT9MsK4ULpbAUO5NwdlLwbnpLWHiUwoYrySMD8l3xRDvhPmInlX' +
          'EFEo8lahcYllxiJJR8oqqA6x3jPFKmkfhEgaQefcn4P8nA4SScqAoLihn75iiDtU2-ZlkPnKgcNs5U1Le441yp' +
          'en2n7BOnRyhmwyAUBGk3OcMXHsJ6KGpDJyTVCaC3fWX3ex4Iv4LkuKRA6O9yu3zHP23N_ubE8_YykffIjMbtBo' +
          'OAzdWCn9lE4amo4VZ-8ewIutZAYmC5TIQO-wWUqKYr0iAobccMnZdJjUORjVoqVQ-dLr-_1otk36gfPc0LpmhW' +
          'ZKfAXF9sgvYtQjcaR9wlGr8ySRtZ2YJWofuR7zgYFJPEXRwAnbAR_05hBmog7CMt1F9YKSmku6JfRecY8',
      },
    },
    Turin: {
      ark: {
        serialNumber: '030000',
        from: '2023-05-15T20:03:12Z',
        to: '2048-05-15T20:03:12Z',
        n:
          'waAriB7EIuVc4ZB1wD3YfDxL-9eyS7-izm0Jj3W772NINCWl8Bj3w_JD2ZjmbRxWdIq_4d9iarCKorXloJUB1j' +
          'RdgxqccTx1aOoig4-2w1XhVVJT7K457wT5ZLNJgQaxqa9Etkwjd6-9sOhlCDE9l43kQ0R2BikVJa_uyyVOSwEk' +
          '5w5tXKOuG9jvq6QtAMJasW38wlqRDaKEGtZ9VUgGon27ZuL4sTJuC_azz9_iQBw8kEilzOl95AiTkeY5jSEBDW' +
          'bAqnZk5qlM7kISKG20kgQm14mhNKDI2p2oua-zuAG7i52epoRF2GfU0TYk_yf-vCNB2tnechFQuP2e8bLk95Zd' +
          'qPi9_UWw4JXjtdEA4u2JYplSSUPQVAXKt6LVqujtJcM59JKr2u0XQ75KwxcMp15gSXhBfInvPAwuAY4dEwwGqT' +
          '8oIg4esPHwEsmChhYeDIxPG9R4fx9O0q6p8Gb-HXlTiS47P9YNeOpidOUKzDl_S1OvyhDtSL8LJc24QATFydo_' +
          'iD_KUdvFTRlD0crkAMkZLoWQ8hLDGc6BZJXsdd7Zf2e4UW3tI_1oh_2t23Ot3zyhTcv5gDbABu0LjVe98uRnS1' +
          '5SMwK__lJt9e5BqKvgABkSoABf-B4VFtPVEX0ygrYaFaI9i5ABrxnVBmzXpRb21iI1NlNCfOGUPIhVpWE',
      },
      ask: {
        serialNumber: '030001',
        from: '2023-05-15T20:25:21Z',
        to: '2048-05-15T20:25:21Z',
        n:
          'nvg5Grv2Emd9lAhKdO64RXU3UESb6JTm0Hhzevx1PyxinxYqJL329qTJM0XmdozLYb7rsHxgM5I2pU18M8gect' +
          '2pN_YB2LQ1_bIq37TPDbg7ym0MN6KkZ6aERxAX0voYtdDyNxjDAUjpRpCe1FccAev_Es2n_Fz1G1TmC2XepTQq' +
          'aKpmt6mnDWSCHCVsQoY0gSibeaG6doM6OiNUCbKXaC7KHH5b_96BD1DJ84M-JHqPClFhHqUJwzKF5Qxj4wgWAZ' +
          'zK8UPhiNGjrF6-TBdlFGdSzEqw1jOrCTHduYyLK-5OQ3OIw4S-vZeOVoxJajTIWdsqYP2DLc0HkL0qWOumEOrr' +
          'c2_4DeETShB0MyIpH05kSalyQN2eN5P6ptOB84hddCdbJPEepnD-FqQap1ukw3K8uBcgeBSAF23r6UtT8Uc5h7' +
          'MsWX3MoZiEHcSkDQQ8IedTk7CLjsK6S7b_lfKqfYiRhKgGkRvsEd_MDNcumHZKIgzasJwgagzSggiUo9jXp3EW' +
          'm84fqyxNXzSutPB7qD5P_ULAB-q9QgvrzC8XneaLP0MNrHhM80UejmsBTIktMvFoWVIelYDLdcoi0eMD5DRccf' +
          'sgrYaY6h_-_qf9tgg-mX09UJpuSPRF38oyqnNNFMl5v_tWLgUsChPU6NCQC17Qaqr8mu2ynyyuHEs5JVU',
      },
      asvk: {
        serialNumber: '030101',
        from: '2023-05-15T21:09:41Z',
        to: '2048-05-15T21:09:41Z',
        n:
          'pjrui4l0ZogEh0fDdVfJ4unowGGolk2wXyzjbjC_fnqlhFqiFj1JSKdkYSvzPVfgDR0MU2WLlytrAGqOHYBdk4' +
          'Moz3xHTXJus75Nef0EBZpGk9M4PQGF-nTqYi-hDguq14wQUEltN9wGunnUeaMz0e6hfCasDevkypILMponvTva' +
          'M49RAipCvTgmPRTkQA8hjl3tA6R7S_HKTn6_Q3T74A0BfygK49LLkdHF05Wo0pZ9qmPyhi0Rh9epY0L-_T2e17' +
          'fohWcCavgE-KF5GO5XINzunwKolCCyH3930iAmb1vv5v4PimnGsfH4ic4kIApR1hZApU3YG3qUE84qkb5SEASQ' +
          'sTZCT0Jv_AxC9So5h2wraVzWz6GvpPHEtRKvue5vehkwPjFipJMT5Z7CmNuXc-0lcVSZMHSbswFSHKKtp4F0UD' +
          'oPnuIWw_djGDjkGXS9W5M2N3zVSbn94cJxCMzOTzILhcX_lJatooslfxvqucFH8PpS9xBMhuN4fTPlNk_oVbQ6' +
          'w8pxEMibo0K8Q-gOqqzdVm6i7jotobsuYxH1Httjsc61vSskSDT4JkPjqTWiyOmsFI-6Ob_hya_fqpe0EPy68T' +
          'Pk85COC7uqNMzu58xb0uAtt0beejDx29mRRbiPNL5tnwK9KFmZDpeZWSZgzvn2K-SQTK80ZKn8Yq2SKfU',
      },
    },
  },
};
