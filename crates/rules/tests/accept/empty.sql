-- an empty clause selects every user that has an event
 
---
TRUE
