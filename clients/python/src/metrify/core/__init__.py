"""The generated core: a type for each schema and a function for each operation of openapi.json."""
