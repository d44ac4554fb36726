/* A colour for each artist, always the same: hues a golden angle apart, all equally light, so that white
 * words on them can be read (contrast over 4.5). Pure. */

const GOLDEN_ANGLE = 137.508;
const LIGHTNESS = 0.5;
const CHROMA = 0.125;

/* Oklab (Ottosson 2020) to sRGB. */
function oklchToHex(lightness: number, chroma: number, hueDegrees: number): string {
  const hue = (hueDegrees * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const byte = (value: number): string => {
    const held = Math.min(1, Math.max(0, value));
    const gamma = held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055;
    return Math.round(gamma * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${linear.map(byte).join('')}`;
}

export function tintOf(artist: number): string {
  return oklchToHex(LIGHTNESS, CHROMA, (artist * GOLDEN_ANGLE) % 360);
}
