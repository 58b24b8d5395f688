/** What a shell's completion script asks with: of zdlb, for a line; of a verb that talks to an instance, for its options. */
export const COMPLETE = '--get-yargs-completions';
