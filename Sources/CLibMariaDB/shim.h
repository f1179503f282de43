#include <mysql.h>
#include <stdarg.h>
#include <stddef.h>
#include <mysql/plugin_auth.h>

/* A plugin that signs in, laid out as mysql/client_plugin.h has it (interface 1.0), which includes a header that Debian does not install. */
struct buz_sign_in_plugin {
  int type;
  unsigned int interface_version;
  const char *name;
  const char *author;
  const char *description;
  unsigned int version[3];
  const char *license;
  void *mysql_api;
  int (*init)(char *, size_t, int, va_list);
  int (*deinit)(void);
  int (*options)(const char *option, const void *);
  int (*authenticate_user)(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql);
};

/* The plugin has to stay. Not 0 where the library has one of that name already. */
static inline int buz_register_sign_in(MYSQL *mysql, struct buz_sign_in_plugin *plugin) {
  plugin->type = 2;
  plugin->interface_version = 0x0100;
  return mysql_client_register_plugin(mysql, (struct st_mysql_client_plugin *)plugin) == NULL;
}
