/** What a person can do something about; printed without a stack. */
export class LauncherError extends Error {}
