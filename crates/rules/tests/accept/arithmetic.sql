-- operators lean to the left
order_total * 2 - (1 - 3) / 4 % 5 > -(order_total) + -7 - -1
---
order_total * 2 - (1 - 3) / 4 % 5 > -order_total + (-7) - (-1)
