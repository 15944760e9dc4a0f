import { type OperatorErrorCode, operatorWords } from '../operator-errors.ts';

/** What a person can do something about; printed without a stack. */
export class LauncherError extends Error {
  constructor(code: OperatorErrorCode, words: string) {
    super(operatorWords(code, words));
  }
}
