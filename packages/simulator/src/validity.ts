const dayMs = 24 * 60 * 60 * 1000;

/** From when until when a certificate, CRL or document counts, both ends included. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** A validity around a moment, in days before and after it. */
export function around(at: Date, daysBefore: number, daysAfter: number): Validity {
  return {
    from: new Date(at.getTime() - daysBefore * dayMs),
    to: new Date(at.getTime() + daysAfter * dayMs),
  };
}

/** A validity that ended one second before the moment. */
export function expired(at: Date): Validity {
  return { from: new Date(at.getTime() - 60 * dayMs), to: new Date(at.getTime() - 1000) };
}

/** A validity that begins one second after the moment. */
export function notYetValid(at: Date): Validity {
  return { from: new Date(at.getTime() + 1000), to: new Date(at.getTime() + 60 * dayMs) };
}
