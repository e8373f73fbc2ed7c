//! One component for every kind of job: the fields of its Create request.
