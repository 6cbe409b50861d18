"""People: who may sign in, from which device, and what each of them may do at which site."""
