/* A small panel beside a button: opens and closes with it, closes on Escape and on a press
 * elsewhere. */

const EDGE_PX = 8;
const GAP_PX = 14;

let open: Popover | null = null;

export function closePopovers(): boolean {
  const wasOpen = open !== null;
  open?.close();
  return wasOpen;
}

export class Popover {
  constructor(
    readonly trigger: HTMLElement,
    readonly panel: HTMLElement,
    private readonly opened: () => void = () => undefined,
    kind: 'dialog' | 'menu' = 'dialog',
  ) {
    panel.hidden = true;
    trigger.setAttribute('aria-expanded', 'false');
    trigger.setAttribute('aria-haspopup', kind);
    trigger.addEventListener('click', () => this.toggle());
  }

  toggle(): void {
    if (this.panel.hidden) {
      open?.close();
      open = this;
      this.panel.hidden = false;
      this.trigger.setAttribute('aria-expanded', 'true');
      document.addEventListener('pointerdown', this.pressed, true);
      document.addEventListener('keydown', this.keyed, true);
      this.opened();
      this.fitIn();
    } else {
      this.close();
    }
  }

  /* Inside the screen: moved aside, and no higher than there is room above or below the button. */
  fitIn(): void {
    const { style } = this.panel;
    style.setProperty('--shift', '0px');
    const trigger = this.trigger.getBoundingClientRect();
    const box = this.panel.getBoundingClientRect();
    const isAbove = box.top < trigger.top;
    const room = isAbove ? trigger.top : window.innerHeight - trigger.bottom;
    style.setProperty('--room', `${Math.max(120, Math.floor(room - 2 * GAP_PX))}px`);
    const over = box.right - (document.documentElement.clientWidth - EDGE_PX);
    const shift = Math.max(EDGE_PX - box.left, Math.min(0, -over));
    style.setProperty('--shift', `${Math.round(shift)}px`);
  }

  close(): void {
    if (!this.panel.hidden) {
      const hadFocus = this.panel.contains(document.activeElement);
      this.panel.hidden = true;
      this.trigger.setAttribute('aria-expanded', 'false');
      document.removeEventListener('pointerdown', this.pressed, true);
      document.removeEventListener('keydown', this.keyed, true);
      open = null;
      if (hadFocus) {
        this.trigger.focus();
      }
    }
  }

  private readonly pressed = (event: PointerEvent): void => {
    const target = event.target as Node;
    if (!this.panel.contains(target) && !this.trigger.contains(target)) {
      this.close();
    }
  };

  private readonly keyed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  };
}
