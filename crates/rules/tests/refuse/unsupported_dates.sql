-- the calendar of now()
extract(hour FROM now()) > 9 OR date_trunc('fortnight', created_at) = now() OR date_part('epoch', created_at) > 1 OR to_date(created_at) = 'tomorrow' OR date_trunc('day', region) = now()
---
error invalid_literal ['fortnight']: this is no unit of the calendar that is known here
  hint: known are second, minute, hour, day, week, month, quarter, year
error invalid_literal ['epoch']: this is no unit of the calendar that is known here
  hint: known are year, quarter, month, week, day, hour, minute, second, dow, isodow, doy
error invalid_literal ['tomorrow']: 'tomorrow' is not a date
  hint: write it as '2026-01-31'
error type_mismatch [region]: this is VARCHAR; a time is needed here
