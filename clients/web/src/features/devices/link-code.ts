// The code of a new device as people type, paste and read it, and the digits that they compare.

const CODE_LENGTH = 8;
const CODE_GROUP = 4;
const DIGIT_GROUP = 3;

/** What was typed or pasted, in capitals and groups; spaces, dashes and anything else are left out. */
export function groupCode(typed: string): string {
  return inGroups(charactersOf(typed), CODE_GROUP).join('-');
}

/** Where the cursor belongs in the grouped code when it stood there in what was typed. */
export function caretInCode(typed: string, caret: number): number {
  return groupCode(typed.slice(0, caret)).length;
}

export function isWholeCode(code: string): boolean {
  return charactersOf(code).length === CODE_LENGTH;
}

export function groupDigits(digits: string): string {
  return inGroups(digits, DIGIT_GROUP).join(' ');
}

/** One by one, with a pause between the groups: a voice would make a word or a large number of it. */
export function spellCode(code: string): string {
  return spell(inGroups(charactersOf(code), CODE_GROUP));
}

export function spellDigits(digits: string): string {
  return spell(inGroups(digits, DIGIT_GROUP));
}

function charactersOf(typed: string): string {
  return typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, CODE_LENGTH);
}

function inGroups(text: string, size: number): string[] {
  const groups: string[] = [];
  for (let from = 0; from < text.length; from += size) groups.push(text.slice(from, from + size));
  return groups;
}

function spell(groups: readonly string[]): string {
  return groups.map((group) => Array.from(group).join(' ')).join(', ');
}
