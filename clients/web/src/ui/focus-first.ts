/** What a dialog or step is for comes before the buttons and switches around it. */
export function focusFirst(container: HTMLElement): void {
  container
    .querySelector<HTMLElement>('[data-first], input:not([role="switch"]), .button-primary')
    ?.focus();
}
