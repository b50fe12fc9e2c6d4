/*
 * uthash with text keys that lie in the entry, whose handle is not its first member.
 */
#include "test_programs/truth_uthash.h"

struct person {
	char name[24];
	int age;
	UT_hash_handle hh;
};

static struct person *
table_new(int count)
{
	struct person *head = NULL;
	for (int i = 0; i < count; i++) {
		struct person *person = calloc(1, sizeof(*person));
		if (person == NULL)
			abort();
		snprintf(person->name, sizeof(person->name), "person %d", i);
		person->age = i % 100;
		HASH_ADD_STR(head, name, person);
	}
	return head;
}

static struct person *
remove_older_than(struct person *head, int age)
{
	struct person *person, *next;
	HASH_ITER(hh, head, person, next) {
		if (person->age <= age)
			continue;
		HASH_DEL(head, person);
		free(person);
	}
	return head;
}

int
main(void)
{
	struct person *all = table_new(10000);
	struct person *half = remove_older_than(table_new(10000), 49);
	struct person *few = remove_older_than(table_new(10000), 0);

	truth_uthash("all", all, true);
	truth_uthash("half", half, false);
	truth_uthash("few", few, false);
	truth_end();
	return 0;
}
