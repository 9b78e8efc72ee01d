/* cc_folder.h: the private folder of one run of the system's compiler, inside of backend. */
#ifndef FLOW_BACKEND_CC_FOLDER_H
#define FLOW_BACKEND_CC_FOLDER_H

#include "backend/backend.h"

enum { CC_ARGS = 24 };

typedef struct CcFolder {
  const char *dir, *source, *header, *object;
} CcFolder;

/* Makes the folder with the text and the header in it. Its name tells the process, so that what a killed one left is found. */
bool cc_open_folder(Arena *a, const char *c_text, size_t size, CcFolder *out, const char **why);
/* Removes it with all that the compiler left there. */
void cc_close_folder(const CcFolder *f);
/* The command that makes the shared object. */
void cc_command(const CcFolder *f, const char *argv[CC_ARGS]);
/* The module's entry in the cache, or NULL: there is no cache, or no compiler. */
const char *cc_cached(Arena *a, const char *c_text, size_t size);
/* Loads a shared object. */
bool cc_open(Arena *a, const char *path, Loaded *out, const char **why);

#endif
