/* What `threads plugins` opens and closes: it keeps a block from its constructor to its
 * destructor. */
#include <stdlib.h>

void plugin_work(void);

static void *kept;

__attribute__((constructor)) static void
begin(void)
{
	kept = malloc(300);
}

__attribute__((destructor)) static void
end(void)
{
	free(kept);
	free(malloc(400));
}

void
plugin_work(void)
{
	for (int i = 0; i < 50; i++)
		free(malloc((size_t)i * 20));
}
