/* A small panel beside a button: opens and closes with it, closes on Escape and on a press
 * elsewhere. */

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
  ) {
    panel.hidden = true;
    trigger.setAttribute('aria-expanded', 'false');
    trigger.setAttribute('aria-haspopup', 'dialog');
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
    } else {
      this.close();
    }
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
      event.stopPropagation();
      this.close();
    }
  };
}
