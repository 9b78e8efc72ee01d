/* module.c: the names of a script and of what it uses.
 *
 * All names are collected before anything is bound, so that they may be used before their statement. A
 * name is bound when it is first asked for (symbol_resolve); SYM_BUSY finds cycles. Names of one kind
 * share a space: params, lets and streams; types; functions; ops. */
#include <stdlib.h>
#include <string.h>

#include "sema/bind_internal.h"
#include "sema/expr_internal.h"
#include "syntax/parse.h"

Module *module_named(Module *m, const char *alias) {
  for (uint32_t i = 0; i < m->use_len; i++)
    if (m->uses[i].alias && !strcmp(m->uses[i].alias, alias)) return m->uses[i].module;
  return NULL;
}

static Symbol *module_find_own(Module *m, const char *name, int kinds) {
  for (uint32_t i = 0; i < m->symbol_len; i++)
    if ((m->symbols[i]->kind & kinds) && !strcmp(m->symbols[i]->name, name)) return m->symbols[i];
  return NULL;
}

/* What `use` brings into scope: with `as m` only types and ops, which keep their names. */
static int kinds_in_scope(const char *alias, int kinds) {
  return alias ? kinds & (SYM_TYPE | SYM_OP) : kinds & ~SYM_STREAM;
}

Symbol *module_find(Module *m, const char *alias, const char *name, int kinds) {
  if (alias) {
    Module *other = module_named(m, alias);
    return other ? module_find_own(other, name, kinds & ~SYM_STREAM) : NULL;
  }
  Symbol *own = module_find_own(m, name, kinds);
  for (uint32_t i = 0; !own && i < m->use_len; i++)
    own = module_find_own(m->uses[i].module, name, kinds_in_scope(m->uses[i].alias, kinds));
  return own;
}

static void names_of(Binder *b, Module *m, int kinds, const char ***names, uint32_t *len) {
  for (uint32_t i = 0; i < m->symbol_len; i++) {
    if (!(m->symbols[i]->kind & kinds)) continue;
    *names = arena_grow(b->arena, *names, *len, sizeof **names);
    (*names)[(*len)++] = m->symbols[i]->name;
  }
}

const char *const *module_names(Binder *b, Module *m, int kinds, uint32_t *len) {
  const char **names = NULL;
  *len = 0;
  names_of(b, m, kinds, &names, len);
  for (uint32_t i = 0; i < m->use_len; i++)
    names_of(b, m->uses[i].module, kinds_in_scope(m->uses[i].alias, kinds), &names, len);
  return names;
}

/* ---- collecting ---- */

enum { SYM_VALUES = SYM_PARAM | SYM_LET | SYM_STREAM };

static int name_space(SymKind kind) { return (kind & SYM_VALUES) ? (int)SYM_VALUES : (int)kind; }

static const char *kind_word(SymKind kind) {
  switch (kind) {
    case SYM_PARAM: return "parameter";
    case SYM_LET: return "constant";
    case SYM_TYPE: return "type";
    case SYM_FN: return "function";
    case SYM_OP: return "op";
    case SYM_STEP: return "step";
    case SYM_SOURCE: return "source";
    case SYM_AGG: return "aggregate";
    case SYM_STREAM: return "stream";
  }
  return "name";
}

static SymKind kind_of(AstStmtKind kind) {
  switch (kind) {
    case AST_PARAM: return SYM_PARAM;
    case AST_LET: return SYM_LET;
    case AST_TYPE: return SYM_TYPE;
    case AST_FN:
    case AST_EXTERN_FN: return SYM_FN;
    case AST_OP_DEF: return SYM_OP;
    case AST_STREAM: return SYM_STREAM;
    default: return 0;
  }
}

/* A plugin's description is the plugin's own text: nothing else is taken from it. */
static SymKind kind_of_plugin(const AstStmt *stmt) {
  if (stmt->kind == AST_TYPE) return SYM_TYPE;
  if (stmt->kind != AST_EXTERN_FN || !stmt->lang.text) return 0;
  return !strcmp(stmt->lang.text, "step") ? SYM_STEP : !strcmp(stmt->lang.text, "function") ? SYM_FN
         : !strcmp(stmt->lang.text, "source") ? SYM_SOURCE : !strcmp(stmt->lang.text, "agg") ? SYM_AGG : 0;
}

static const char *place_note(Binder *b, const char *what, Span span) {
  const Source *s = diags_source(b->diags, span.file);
  uint32_t line = 0, column = 0;
  if (s) diag_place(s, span.start, &line, &column);
  return arena_printf(b->arena, "%s at %s:%u:%u", what, s ? s->path : "?", line, column);
}

static void add_param(Binder *b, Symbol *s) {
  Plan *p = b->plan;
  p->params = arena_grow(b->arena, p->params, p->param_len, sizeof *p->params);
  p->params[p->param_len] = (PlanParam){ .name = s->name,
                                         .doc = s->stmt->doc,
                                         .type = type_basic(TY_ERROR),
                                         .span = s->span,
                                         .mask = s->stmt->mask.text };
  if (s->stmt->value) p->params[p->param_len].dflt_text = source_text(b, s->stmt->value->span);
  s->param = p->param_len++;
}

static void add_symbol(Binder *b, Module *m, const AstStmt *stmt) {
  SymKind kind = kind_of(stmt->kind);
  if (m->plugin) kind = kind_of_plugin(stmt);
  if (!kind || !stmt->name.text) return;
  Symbol *first = module_find(m, NULL, stmt->name.text, name_space(kind));
  if (first) {
    diag_report(b->diags, DIAG_E0309, stmt->name.span, NULL,
                place_note(b, "first defined", first->span), kind_word(first->kind),
                stmt->name.text);
    if (first->module == m) return;
  }
  Symbol *s = arena_alloc(b->arena, sizeof *s);
  *s = (Symbol){
    .kind = kind, .name = stmt->name.text, .span = stmt->name.span, .stmt = stmt, .module = m
  };
  m->symbols = arena_grow(b->arena, m->symbols, m->symbol_len, sizeof *m->symbols);
  m->symbols[m->symbol_len++] = s;
  if (kind == SYM_PARAM) add_param(b, s);
}

static Module *module_load(Binder *b, Module *from, const AstStmt *use);

static void add_use(Binder *b, Module *m, const AstStmt *stmt) {
  Module *used = module_load(b, m, stmt);
  if (!used) return;
  const char *alias = stmt->name.text;
  if (alias && module_named(m, alias)) {
    diag_report(b->diags, DIAG_E0309, stmt->name.span, NULL, NULL, "module", alias);
    return;
  }
  m->uses = arena_grow(b->arena, m->uses, m->use_len, sizeof *m->uses);
  m->uses[m->use_len].alias = alias;
  m->uses[m->use_len++].module = used;
}

static void collect_uses(Binder *b, Module *m) {
  for (const AstStmt *s = m->script->stmts; s; s = s->next)
    if (s->kind == AST_USE && s->value) add_use(b, m, s);
}

void module_collect_symbols(Binder *b, Module *m) {
  for (const AstStmt *s = m->script->stmts; s; s = s->next) add_symbol(b, m, s);
}

/* `a/b/c.flow` and `d.flow` give `a/b/d.flow`; std/ and absolute paths stay. */
static const char *path_beside(Binder *b, const char *from, const char *path) {
  const char *slash = strrchr(from, '/');
  if (!slash || path[0] == '/' || !strncmp(path, "std/", 4)) return path;
  return arena_printf(b->arena, "%.*s%s", (int)(slash + 1 - from), from, path);
}

static Module *module_loading(Binder *b, const char *path) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->module_len; i++)
    if (!strcmp(st->modules[i]->path, path)) return st->modules[i];
  return NULL;
}

Module *module_new(Binder *b, const AstScript *script, const char *path) {
  Streams *st = streams_of(b);
  Module *m = arena_alloc(b->arena, sizeof *m);
  m->script = script;
  m->path = path;
  st->modules = arena_grow(b->arena, st->modules, st->module_len, sizeof *st->modules);
  st->modules[st->module_len++] = m;
  return m;
}

/* The modules that are being read stand on the stack of names. */
static bool module_is_busy(Binder *b, const char *path) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->stack_len; i++)
    if (!strcmp(st->stack[i], path)) return true;
  return false;
}

static void report_module_cycle(Binder *b, Span span, const char *path) {
  Streams *st = streams_of(b);
  const char *text = NULL;
  for (uint32_t i = 0; i < st->stack_len; i++)
    if (text || !strcmp(st->stack[i], path))
      text = text ? arena_printf(b->arena, "%s -> %s", text, st->stack[i]) : st->stack[i];
  diag_report(b->diags, DIAG_E0805, span, NULL, "move what both need into a third file",
              arena_printf(b->arena, "%s -> %s", text ? text : path, path));
}

static bool module_is_std(const char *path) { return !strncmp(path, "std/", 4); }

/* The `extern` functions of the standard library are in the catalogue, so always in scope: of a file of it only the
 * other statements are a module. */
static const char *module_std_text(Binder *b, const char *text, size_t size) {
  char *out = arena_strndup(b->arena, text, size);
  for (char *line = out; *line; line += strcspn(line, "\n"), line += *line == '\n')
    if (!strncmp(line, "extern ", 7)) memset(line, ' ', strcspn(line, "\n"));
  return out;
}

bool module_declares(const Module *m, const char *function) {
  size_t n = strlen(function);
  for (const char *at = m ? m->externs : NULL; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
    const char *fn = strncmp(at, "extern ", 7) ? NULL : at + 7 + strcspn(at + 7, " ");
    if (fn && !strncmp(fn, " fn ", 4) && !strncmp(fn + 4, function, n) && fn[4 + n] == '(') return true;
  }
  return false;
}

static Module *module_load(Binder *b, Module *from, const AstStmt *use) {
  Streams *st = streams_of(b);
  const char *path = path_beside(b, from->path, use->value->text);
  if (plugin_is_named(use->value->text)) {
    Module *m = plugin_module(b, from, use);
    if (!m) st->incomplete = true;   /* names that are not found may be its */
    return m;
  }
  if (module_is_busy(b, path)) return report_module_cycle(b, use->value->span, path), NULL;
  Module *old = module_loading(b, path);
  if (old) return old;
  if (st->module_len >= LIMIT_MODULES || st->stack_len >= LIMIT_DEPTH) {
    diag_report(b->diags, DIAG_E0906, use->value->span, NULL, NULL, (unsigned)LIMIT_DEPTH);
    return NULL;
  }
  size_t size = 0;
  const SemaOptions *o = b->options;
  const char *text =
      o && o->load ? o->load(o->load_env, use->value->text, from->path, &size) : NULL;
  if (!text) {
    diag_report(b->diags, DIAG_E0804, use->value->span, NULL,
                "paths are relative to the script that uses them; `std/...` is built in",
                use->value->text);
    return NULL;
  }
  const char *externs = module_is_std(path) ? text : NULL;
  if (externs) text = module_std_text(b, text, size);
  uint32_t file = diags_add_source(b->diags, path, text, size);
  if (file == UINT32_MAX) {
    diag_report(b->diags, DIAG_E0902, use->value->span, NULL, NULL, 16u << 20);
    return NULL;
  }
  Module *m = module_new(b, syntax_parse(b->arena, b->diags, file), path);
  m->externs = externs;
  if (!stack_push(b, use->value->span, path)) return NULL;
  collect_uses(b, m);
  stack_pop(b);
  module_collect_symbols(b, m);
  for (const AstStmt *s = m->script->stmts; s; s = s->next)
    if (s->kind == AST_ANON || s->kind == AST_STREAM)
      diag_report(b->diags, DIAG_W0113, use->value->span, NULL,
                  "only its params, constants, types, functions and ops are taken",
                  use->value->text);
  return m;
}

bool module_collect(Binder *b, const AstScript *script) {
  uint32_t errors = diag_error_len(b->diags);
  const Source *s = diags_source(b->diags, script->file);
  Module *m = module_new(b, script, s ? s->path : "");
  b->main = m;
  if (!stack_push(b, (Span){ .file = script->file }, m->path)) return false;
  collect_uses(b, m);
  stack_pop(b);
  module_collect_symbols(b, m);
  return errors == diag_error_len(b->diags);
}

/* ---- resolving ---- */

static void report_symbol_cycle(Binder *b, const Symbol *s) {
  Streams *st = streams_of(b);
  const char *path = NULL;
  for (uint32_t i = 0; i < st->symbol_len; i++)
    if (path || st->symbols[i] == s)
      path = path ? arena_printf(b->arena, "%s -> %s", path, st->symbols[i]->name)
                  : st->symbols[i]->name;
  const char *note = arena_printf(b->arena, "%s -> %s", path ? path : s->name, s->name);
  DiagCode code = s->kind == SYM_FN ? DIAG_E0803 : s->kind == SYM_TYPE ? DIAG_E0424 : DIAG_E0806;
  diag_report(b->diags, code, s->span, NULL, note, s->name);
}

static bool resolve_param(Binder *b, Symbol *s) {
  const Type *t = bind_type(b, s->module, s->stmt->type);
  PlanParam *p = &b->plan->params[s->param];
  if (t->kind == TY_ERROR) return false;
  if (!type_is_scalar(t)) {
    diag_report(b->diags, DIAG_E0425, s->stmt->type->span, NULL, NULL, type_text(b->arena, t),
                "given on the command line");
    return false;
  }
  p->type = t;
  static const char *const masks[] = { "hash", "redact", "partial" };
  if (p->mask && strcmp(p->mask, "hash") && strcmp(p->mask, "redact") &&
      strcmp(p->mask, "partial")) {
    diag_report(b->diags, DIAG_E0810, s->stmt->mask.span, hint_nearest(b, p->mask, masks, 3),
                "masks: hash, redact, partial", p->mask);
    return false;
  }
  if (!s->stmt->value) return true;
  Expr *e = bind_const(b, s->module, s->stmt->value, t, true);
  p = &b->plan->params[s->param];
  p->dflt = bind_widen(b, e, t);
  return p->dflt->type->kind != TY_ERROR;
}

static bool resolve_let(Binder *b, Symbol *s) {
  const Type *want = s->stmt->type ? bind_type(b, s->module, s->stmt->type) : NULL;
  s->let = bind_const(b, s->module, s->stmt->value, want, true);
  return s->let->type->kind != TY_ERROR;
}

static bool resolve_fn_params(Binder *b, Symbol *s, UserFn *fn, Local **locals) {
  uint32_t n = 0;
  bool good = true;
  for (const AstParamDecl *p = s->stmt->params; p; p = p->next) n++;
  const char **names = arena_alloc(b->arena, (n + 1) * sizeof *names);
  const Type **types = arena_alloc(b->arena, (n + 1) * sizeof *types);
  uint32_t *vars = arena_alloc(b->arena, (n + 1) * sizeof *vars);
  uint32_t i = 0;
  for (const AstParamDecl *p = s->stmt->params; p; p = p->next, i++) {
    names[i] = p->name.text;
    types[i] = bind_type(b, s->module, p->type);
    vars[i] = b->plan->var_len++;
    if (types[i]->kind == TY_ERROR) good = false;
    for (uint32_t k = 0; k < i; k++)
      if (!strcmp(names[k], names[i])) {
        diag_report(b->diags, DIAG_E0309, p->name.span, NULL, NULL, "parameter", names[i]);
        good = false;
      }
    Local *l = arena_alloc(b->arena, sizeof *l);
    *l = (Local){ .name = names[i], .var = vars[i], .type = types[i], .next = *locals };
    *locals = l;
  }
  fn->param_names = names;
  fn->params = types;
  fn->vars = vars;
  fn->len = n;
  return good;
}

static bool is_c_name(const char *name) {
  if (name[0] >= '0' && name[0] <= '9') return false;
  return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == 0;
}

static bool is_c_word(const char *name) {
  static const char *const words[] = { "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
                                       "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict",
                                       "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union",
                                       "unsigned", "void", "volatile", "while", "asm", "typeof", "cx" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(words[i], name)) return true;
  return false;
}

static Expr *extern_call(Binder *b, const Symbol *s, const UserFn *fn, const Function *f) {
  Expr *call = expr_new(b->arena, EX_CALL, fn->result, s->stmt->span, fn->len);
  call->fn = f;
  for (uint32_t i = 0; i < fn->len; i++) {
    call->arg[i] = expr_new(b->arena, EX_VAR, fn->params[i], s->stmt->span, 0);
    call->arg[i]->var = fn->vars[i];
  }
  return call;
}

/* `extern c fn`: its body is C text that goes into the module; the binder sees a call of it. */
static bool resolve_c_fn(Binder *b, Symbol *s, UserFn *fn) {
  const AstStmt *stmt = s->stmt;
  if (!stmt->lang.text || strcmp(stmt->lang.text, "c"))
    return report_unbuilt(b, stmt->span, "`extern` of another language than C in a script"), false;
  for (const AstParamDecl *p = stmt->params; p; p = p->next) {
    if (is_c_name(p->name.text) && !is_c_word(p->name.text)) continue;
    diag_report(b->diags, DIAG_E0405, p->name.span, "rename it with letters, digits and `_`", NULL, p->name.text, "a name of C");
    return false;
  }
  uint32_t i = 0;
  for (const AstParamDecl *p = stmt->params; p; p = p->next, i++) {
    if (!fn->params[i]->nullable) continue;
    diag_report(b->diags, DIAG_E0201, p->type->span, "C sees no nulls: give `x ?? 0` where it is called", NULL, "a type of C",
                type_text(b->arena, fn->params[i]));
    return false;
  }
  if (!stmt->value || fn->result->nullable) {
    const char *hint = stmt->value ? "C returns a value: let the result not be nullable" : "give the body as a \"\"\"block\"\"\"";
    diag_report(b->diags, DIAG_E0201, stmt->span, hint, NULL, "a C function", type_text(b->arena, fn->result));
    return false;
  }
  Function *f = arena_alloc(b->arena, sizeof *f);
  *f = (Function){ .name = s->name, .symbol = s->name, .params = fn->params, .param_names = fn->param_names,
                   .param_len = fn->len, .result = fn->result, .c_body = stmt->value->text, .c_span = stmt->value->span };
  fn->body = extern_call(b, s, fn, f);
  return true;
}

/* Which of its kind it is in the plugin's table. */
static uint32_t plugin_place(const Symbol *s) {
  uint32_t place = 0;
  for (const AstStmt *t = s->module->script->stmts; t && t != s->stmt; t = t->next)
    place += t->kind == AST_EXTERN_FN && t->lang.text && !strcmp(t->lang.text, s->stmt->lang.text);
  return place;
}

static bool plugin_types_cross(Binder *b, const Symbol *s, const UserFn *fn) {
  for (uint32_t i = 0; i <= fn->len; i++) {
    const Type *t = i < fn->len ? fn->params[i] : fn->result;
    if (type_is_scalar(t)) continue;
    diag_report(b->diags, DIAG_E0425, s->span, NULL, NULL, type_text(b->arena, t), "given to a plugin");
    return false;
  }
  return true;
}

/* An aggregate of a plugin; the text behind its type is "size alignment" of its state. */
static bool resolve_plugin_agg(Binder *b, Symbol *s) {
  const PluginModule *m = s->module->plugin;
  const char *state = s->stmt->value ? s->stmt->value->text : "";
  UserFn fn = { 0 };
  Local *locals = NULL;
  bool good = resolve_fn_params(b, s, &fn, &locals);
  fn.result = bind_type(b, s->module, s->stmt->type);
  if (!good || fn.result->kind == TY_ERROR || !plugin_types_cross(b, s, &fn)) return false;
  PluginAgg *p = arena_alloc(b->arena, sizeof *p);
  *p = (PluginAgg){ .file = m->file, .name = arena_printf(b->arena, "%s.%s", m->name, s->name), .hash = m->hash,
                    .index = plugin_place(s), .arg_names = fn.param_names, .args = fn.params, .arg_len = fn.len, .result = fn.result };
  char *end;
  p->size = (uint32_t)strtoul(state, &end, 10);
  p->align = (uint32_t)strtoul(end, NULL, 10);
  s->agg = p;
  return true;
}

/* A function of a plugin: the binder sees a call of it. */
static bool resolve_plugin_fn(Binder *b, Symbol *s, UserFn *fn) {
  const PluginModule *m = s->module->plugin;
  PluginFn *p = arena_alloc(b->arena, sizeof *p);
  *p = (PluginFn){ .file = m->file, .name = arena_printf(b->arena, "%s.%s", m->name, s->name), .hash = m->hash };
  p->index = plugin_place(s);
  if (!plugin_types_cross(b, s, fn)) return false;
  Function *f = arena_alloc(b->arena, sizeof *f);
  *f = (Function){ .name = s->name, .symbol = "", .params = fn->params, .param_names = fn->param_names, .param_len = fn->len,
                   .result = fn->result, .status = true, .fails = true, .plugin = p };
  fn->body = extern_call(b, s, fn, f);
  return true;
}

static bool resolve_fn(Binder *b, Symbol *s) {
  UserFn *fn = arena_alloc(b->arena, sizeof *fn);
  Local *locals = NULL;
  bool good = resolve_fn_params(b, s, fn, &locals);
  fn->result = bind_type(b, s->module, s->stmt->type);
  s->fn = fn;
  if (s->module->plugin) return good && fn->result->kind != TY_ERROR && resolve_plugin_fn(b, s, fn);
  if (s->stmt->kind == AST_EXTERN_FN) return good && fn->result->kind != TY_ERROR && resolve_c_fn(b, s, fn);
  Scope scope = { .module = s->module, .locals = locals };
  Expr *body = bind_inner(b, &scope, s->stmt->value, fn->result);
  if (!good || fn->result->kind == TY_ERROR || body->type->kind == TY_ERROR) return false;
  if (body->type->nullable && !fn->result->nullable) {
    diag_report(b->diags, DIAG_E0504, s->stmt->value->span,
                "give a value for null: `... ?? 0`, or let the result be nullable", NULL, s->name,
                type_text(b->arena, fn->result), type_text(b->arena, body->type));
    return false;
  }
  body = bind_widen(b, body, fn->result);
  if (body->type->kind == TY_ERROR) return false;
  fn->body = body;
  return true;
}

static bool resolve_type(Binder *b, Symbol *s) {
  s->type = bind_type(b, s->module, s->stmt->type);
  return s->type->kind != TY_ERROR;
}

static bool symbol_bind(Binder *b, Symbol *s) {
  switch (s->kind) {
    case SYM_PARAM: return resolve_param(b, s);
    case SYM_LET: return resolve_let(b, s);
    case SYM_TYPE: return resolve_type(b, s);
    case SYM_FN: return resolve_fn(b, s);
    case SYM_AGG: return resolve_plugin_agg(b, s);
    case SYM_OP:
    case SYM_STEP:
    case SYM_SOURCE:
    case SYM_STREAM: return true;
  }
  return false;
}

/* A symbol that could not be bound keeps SYM_DONE with its result empty. */
static bool symbol_is_good(const Binder *b, const Symbol *s) {
  switch (s->kind) {
    case SYM_PARAM: return b->plan->params[s->param].type->kind != TY_ERROR;
    case SYM_LET: return s->let && s->let->type->kind != TY_ERROR;
    case SYM_TYPE: return s->type && s->type->kind != TY_ERROR;
    case SYM_FN: return s->fn && s->fn->body;
    case SYM_AGG: return s->agg;
    case SYM_OP:
    case SYM_STEP:
    case SYM_SOURCE:
    case SYM_STREAM: return true;
  }
  return false;
}

bool symbol_resolve(Binder *b, Symbol *s) {
  Streams *st = streams_of(b);
  if (s->state == SYM_DONE) return symbol_is_good(b, s);
  if (s->state == SYM_BUSY) return report_symbol_cycle(b, s), false;
  if (st->symbol_len >= LIMIT_DEPTH) {
    diag_report(b->diags, DIAG_E0903, s->span, NULL, NULL, (unsigned)LIMIT_DEPTH);
    return false;
  }
  s->state = SYM_BUSY;
  st->symbols = arena_grow(b->arena, st->symbols, st->symbol_len, sizeof *st->symbols);
  st->symbols[st->symbol_len++] = s;
  bool good = symbol_bind(b, s);
  st->symbol_len--;
  s->state = SYM_DONE;
  return good && symbol_is_good(b, s);
}
