// Size and name of files: one idea per file, found by its name.
import { type Finding, isTestCode, isTypeScript, type Rule } from './repository.ts';

const SOURCE_LINES_MAX = 400;
const TEST_LINES_MAX = 500;
const DUMPING_PLACE = /^(utils?|helpers?|common|misc|shared)\.tsx?$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.tsx?$/;

/** A source file has at most 400 lines, a test file 500. */
export const fileLength: Rule = {
  name: `source files have at most ${SOURCE_LINES_MAX} lines, tests ${TEST_LINES_MAX}`,
  check: (files) =>
    files.flatMap((file): Finding[] => {
      if (!/\.(tsx?|[cm]?js)$/.test(file.path)) return [];
      const linesMax = isTestCode(file.path) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
      const lines = file.text.replace(/\n$/, '').split('\n').length;
      if (lines <= linesMax) return [];
      return [
        {
          path: file.path,
          line: linesMax + 1,
          what: `${lines} lines, of which ${linesMax} are allowed`,
          remedy: 'split it by idea, each part named for its main export',
        },
      ];
    }),
};

/** Files are kebab-case and named for what they hold. */
export const fileName: Rule = {
  name: 'source files are named in kebab-case for what they hold',
  check: (files) =>
    files.flatMap((file): Finding[] => {
      const name = file.path.split('/').at(-1) ?? '';
      if (!isTypeScript(file.path)) return [];
      if (KEBAB_CASE.test(name) && !DUMPING_PLACE.test(name)) return [];
      return [
        {
          path: file.path,
          line: 1,
          what: `"${name}" says nothing about its contents or is not kebab-case`,
          remedy: 'name the file in kebab-case after its main export',
        },
      ];
    }),
};
