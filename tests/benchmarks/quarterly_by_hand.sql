-- Five indicators of every district and quarter by hand, for the same figures as the public calls: tests, positive tests,
-- refusals; and of people by their first positive test in a quarter: seen within 28 days, and reoffending.
CREATE TEMP TABLE dated AS
SELECT * REPLACE (CAST(test_date AS DATE) AS test_date), year(test_date) || '-Q' || quarter(test_date) AS period
FROM drug_tests;

CREATE TEMP TABLE tested AS
SELECT district, period,
       count(*) FILTER (result <> 'refused') AS tests,
       count(*) FILTER (result IN ('opiates', 'cocaine', 'both')) AS positivity,
       count(*) FILTER (result = 'refused') AS refused
FROM dated GROUP BY ALL;

CREATE TEMP TABLE entered AS
SELECT person_id, district, period, test_date FROM (
    SELECT *, row_number() OVER (
        PARTITION BY person_id, period ORDER BY test_date, lpad(test_time, 5, '0'), record_id) AS place
    FROM dated WHERE result IN ('opiates', 'cocaine', 'both')
) WHERE place = 1;

CREATE TEMP TABLE seen AS
SELECT DISTINCT e.person_id, e.period FROM entered e JOIN contacts c ON c.person_id = e.person_id
WHERE c.attended AND CAST(c.contact_date AS DATE) BETWEEN e.test_date AND e.test_date + 28;

CREATE TEMP TABLE again AS
SELECT e.person_id, e.period FROM entered e JOIN offences o ON o.person_id = e.person_id
WHERE o.disposal IN ('caution', 'conviction') AND o.offence_group <> 'motoring'
  AND CAST(o.offence_date AS DATE) > e.test_date AND CAST(o.offence_date AS DATE) <= e.test_date + 365
  AND CAST(o.disposal_date AS DATE) <= e.test_date + 547
GROUP BY ALL;

SELECT e.district, e.period, count(*) AS entered, count(s.person_id) AS seen, count(a.person_id) AS reoffending,
       any_value(t.tests) AS tests, any_value(t.positivity) AS positivity, any_value(t.refused) AS refused
FROM entered e
LEFT JOIN seen s ON s.person_id = e.person_id AND s.period = e.period
LEFT JOIN again a ON a.person_id = e.person_id AND a.period = e.period
LEFT JOIN tested t ON t.district = e.district AND t.period = e.period
GROUP BY ALL ORDER BY ALL;
