//! SageMaker's service model: what a request may hold, checked before it is sent.
