// How a hand is followed that has no pressure and no stabiliser.
export const PLAIN = { pressure: 'none', curve: 'normal', stringPx: 0, cssPx: 1 };
