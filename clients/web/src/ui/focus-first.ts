/** What a dialog or step is for comes before the buttons around it. */
export function focusFirst(container: HTMLElement): void {
  container.querySelector<HTMLElement>('[data-first], input, .button-primary')?.focus();
}
