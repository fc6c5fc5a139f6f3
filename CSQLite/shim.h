#pragma once
#include <sqlite3.h>

/* Turns one of a connection's switches on or off: sqlite3_db_config takes a variable number of arguments, which Swift
   cannot pass. Returns SQLite's code. */
static inline int csqlite_set_switch(sqlite3 *connection, int option, int is_on) {
  return sqlite3_db_config(connection, option, is_on, (int *)0);
}

/* Reads the first bytes of a connection's file through the descriptor that SQLite has open: closing one of one's own
   would end the locks of all connections of the process to the file. Returns SQLite's code. */
static inline int csqlite_read_start(sqlite3 *connection, void *bytes, int count) {
  sqlite3_file *file = 0;
  int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code != SQLITE_OK || file == 0 || file->pMethods == 0) return SQLITE_ERROR;
  return file->pMethods->xRead(file, bytes, count, 0);
}
