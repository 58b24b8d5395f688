/** What stands above the options in `zdlb --help`. A verb says more of itself: `zdlb help reload`. */
export const USAGE = `zdlb [run] [options] <script> [arguments of the script]
zdlb [run] [options] --port N -- <command> [arguments]

For a running instance (--name NAME where several run, --json for scripts):
  zdlb ls                    all instances of yours
  zdlb status [--watch]      what it does, by worker
  zdlb reload                start new code; it takes over when it is ready
  zdlb scale N|+N|-N         the number of workers
  zdlb pause, zdlb resume    have new requests wait, for a migration
  zdlb rollback              back to the former code, while it is kept warm
  zdlb logs [-f]             the log, and what the workers print
  zdlb stop                  let what is under way end

And beside that:
  zdlb start [options] <script>           the same as run, in the background
  zdlb check [options] [<script>]         whether the configuration is right
  zdlb init systemd [options] <script>    units for systemd
  zdlb migrate ecosystem.config.js        the configuration for a PM2 file
  zdlb completion bash|zsh                a script for the shell, to complete this
  zdlb help <verb>                        more of a verb`;
