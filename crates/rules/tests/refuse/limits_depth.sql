-- deeper than a rule may be
order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total > 1
---
error limits [order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total+order_total]: the clause nests deeper than 32 levels
  hint: split it into several segments
