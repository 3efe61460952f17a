// libpq, PostgreSQL's C library (Debian: libpq-dev).
#pragma once
#include <postgresql/libpq-fe.h>
