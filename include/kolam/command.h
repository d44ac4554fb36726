/* The verbs of the one command. Each parses its own arguments (argv[0] is the verb), prints its own help, and returns
 * the exit status: 0 success, 1 failure, 2 wrong usage. Errors are one line on standard error: what, where, and what to do. */
#ifndef KOLAM_COMMAND_H
#define KOLAM_COMMAND_H

#define KOLAM_VERSION "0.1.0"

int kolam_cmd_serve(int argc, char **argv);  /* server/ */
int kolam_cmd_import(int argc, char **argv); /* tools/ */
int kolam_cmd_export(int argc, char **argv);
int kolam_cmd_watch(int argc, char **argv);
int kolam_cmd_timelapse(int argc, char **argv);
int kolam_cmd_blame(int argc, char **argv);
int kolam_cmd_rollback(int argc, char **argv);
int kolam_cmd_admin(int argc, char **argv);
int kolam_cmd_backup(int argc, char **argv);
int kolam_cmd_restore(int argc, char **argv);
int kolam_cmd_check(int argc, char **argv);
int kolam_cmd_compact(int argc, char **argv);
int kolam_cmd_top(int argc, char **argv);
int kolam_cmd_load(int argc, char **argv);

#endif
