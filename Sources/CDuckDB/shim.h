#pragma once

// The part of DuckDB's C API that the sink `duckdb` uses. Nothing is linked: the functions are looked up in the library that is
// found at run time. Source: DuckDB's documentation, "C API", and its binary interface, which 1.1, 1.5 and 2.0 share.

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef void *duckdb_handle;
typedef int32_t duckdb_outcome;

// Handed over by value to `duckdb_fetch_chunk`: its size counts.
typedef struct {
    uint64_t deprecated[3];
    void *deprecated_columns;
    char *deprecated_message;
    void *content;
} duckdb_answer;

typedef const char *(*duckdb_library_version_function)(void);
typedef duckdb_outcome (*duckdb_create_config_function)(duckdb_handle *config);
typedef duckdb_outcome (*duckdb_set_config_function)(duckdb_handle config, const char *name, const char *option);
typedef void (*duckdb_destroy_function)(duckdb_handle *handle);
typedef duckdb_outcome (*duckdb_open_ext_function)(
    const char *path, duckdb_handle *database, duckdb_handle config, char **error);
typedef duckdb_outcome (*duckdb_connect_function)(duckdb_handle database, duckdb_handle *connection);
typedef void (*duckdb_free_function)(void *memory);
typedef void (*duckdb_interrupt_function)(duckdb_handle connection);
typedef duckdb_outcome (*duckdb_prepare_function)(duckdb_handle connection, const char *sql, duckdb_handle *statement);
typedef const char *(*duckdb_handle_error_function)(duckdb_handle handle);
typedef duckdb_outcome (*duckdb_pending_prepared_function)(duckdb_handle statement, duckdb_handle *pending);
typedef int32_t (*duckdb_pending_execute_task_function)(duckdb_handle pending);
typedef duckdb_outcome (*duckdb_execute_pending_function)(duckdb_handle pending, duckdb_answer *answer);
typedef const char *(*duckdb_result_error_function)(duckdb_answer *answer);
typedef void (*duckdb_destroy_result_function)(duckdb_answer *answer);
typedef int32_t (*duckdb_column_type_function)(duckdb_answer *answer, uint64_t column);
typedef duckdb_handle (*duckdb_fetch_chunk_function)(duckdb_answer answer);
typedef uint64_t (*duckdb_chunk_count_function)(duckdb_handle chunk);
typedef duckdb_handle (*duckdb_chunk_vector_function)(duckdb_handle chunk, uint64_t column);
typedef void *(*duckdb_vector_data_function)(duckdb_handle vector);
typedef uint64_t *(*duckdb_vector_validity_function)(duckdb_handle vector);
typedef duckdb_outcome (*duckdb_appender_create_function)(
    duckdb_handle connection, const char *schema, const char *table, duckdb_handle *appender);
typedef duckdb_outcome (*duckdb_appender_function)(duckdb_handle appender);
typedef duckdb_outcome (*duckdb_append_varchar_length_function)(
    duckdb_handle appender, const char *text, uint64_t length);

enum { duckdb_task_ready = 0, duckdb_task_not_ready = 1, duckdb_task_error = 2, duckdb_task_waits = 3 };
enum { duckdb_text_type = 17 };

/// One text of a vector of texts: within its 16 bytes up to twelve, else elsewhere.
static inline const void *duckdb_text(const void *vector, uint64_t row, uint32_t *length) {
    const char *entry = (const char *)vector + row * 16;
    memcpy(length, entry, sizeof *length);
    if (*length <= 12) return entry + 4;
    const void *elsewhere;
    memcpy(&elsewhere, entry + 8, sizeof elsewhere);
    return elsewhere;
}

/// Whether a row of a vector has a value. A vector without a mask has only values.
static inline bool duckdb_has_value(const uint64_t *mask, uint64_t row) {
    return !mask || (mask[row / 64] >> (row % 64) & 1);
}
