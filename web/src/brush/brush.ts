/* The rarer half of colour and brush, loaded when one of their panels asks for it. */
import type { Ink } from '../ink.ts';
import type { Palette } from '../ui/palette.ts';
import { loadStyles } from '../ui/styles.ts';
import { Feel } from './feel.ts';
import { Mixer } from './mixer.ts';
import { Palettes } from './palettes.ts';

export interface Part {
  update(): void;
}

/* Its looks come with it; without them it works all the same. */
export function dress(): Promise<void> {
  return loadStyles('brush');
}

export function openMixer(place: HTMLElement, palette: Palette, say: (text: string) => void): Part {
  const [mixer, palettes] = [new Mixer(palette), new Palettes(palette, say)];
  place.replaceChildren(mixer.root, palettes.root);
  return {
    update: () => {
      mixer.update();
      palettes.update();
    },
  };
}

export function openFeel(place: HTMLElement, palette: Palette, ink: Ink): Part {
  const feel = new Feel(palette, ink);
  place.replaceChildren(feel.root);
  return feel;
}
