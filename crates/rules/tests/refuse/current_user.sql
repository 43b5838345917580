-- nor is the session
current_user = 'x' OR uuid() = 'y'
---
error non_deterministic_function [current_user]: `current_user` may differ between two evaluations at the same instant
  hint: membership is decided by events and `now()` alone
error non_deterministic_function [uuid()]: `uuid` may differ between two evaluations at the same instant
  hint: membership is decided by events and `now()` alone
