// Every rule this repository keeps; `npm run check` and the test walk the same list.
import { documentLinks } from './document-links.ts';
import { documentNames } from './document-names.ts';
import { durableWrites } from './durable-writes.ts';
import { type ErrorTables, errorPage, errorUse } from './error-table.ts';
import { fileLength, fileName } from './file-shape.ts';
import { importCycles } from './import-cycles.ts';
import { importDirections } from './import-directions.ts';
import { type LimitValues, limitPage } from './limit-table.ts';
import { exactVersions, lockFile } from './packages.ts';
import {
  noReminders,
  noSilencers,
  noStarExports,
  noStrayTests,
  noWorkplacePaths,
} from './plain-text.ts';
import { privacyPage } from './privacy-page.ts';
import { protocolRules } from './protocol-rules.ts';
import { pureRooms } from './pure-rooms.ts';
import { quotedTests } from './quoted-tests.ts';
import { type Behaviours, conformancePage } from './raft-conformance.ts';
import type { Rule } from './repository.ts';
import { typeCheckCoverage } from './type-check-coverage.ts';

/** The rules, given the tables they hold the documents against. */
export function allRules(
  errors: ErrorTables,
  limits: LimitValues,
  behaviours: Behaviours,
): readonly Rule[] {
  return [
    importDirections,
    importCycles,
    pureRooms,
    durableWrites,
    fileLength,
    fileName,
    noStarExports,
    noStrayTests,
    noReminders,
    noSilencers,
    noWorkplacePaths,
    exactVersions,
    lockFile,
    typeCheckCoverage,
    protocolRules,
    errorPage(errors),
    errorUse(errors),
    limitPage(limits),
    conformancePage(behaviours),
    documentLinks,
    quotedTests,
    documentNames,
    privacyPage,
  ];
}
