-- a function that is not determined
random() < 0.1
---
error non_deterministic_function [random()]: `random` may differ between two evaluations at the same instant
  hint: membership is decided by events and `now()` alone
