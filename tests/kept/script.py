"""Two days in the demo factory, as lines of text: what was done before the program changed.

The form is that of `tests/world/lines.py`.
"""

FIRST_DAY = """
08:00 A receive 12 PA-187B/K1201@2028-12-01 to DOCK-1 for PO-3948/1 fifo 2026-11-19
08:02 A receive 60 PA-361R/K1202@2028-12-01 to DOCK-1 for PO-3948/2
08:04 A receive 90 PA-529S/K1203@2028-12-01 to DOCK-1 for PO-3948/3
08:06 A receive 150 SO-B909-M from supplier/1574 to DOCK-1 for PO-4002/1
08:08 A receive 3 FW-1000/K1301 from supplier/1598 to DOCK-1 for PO-3957/1
08:10 A receive 1 BK-M82B-48#SN-1 from supplier/1598 to DOCK-1
08:12 A receive 1 BK-M82B-48#SN-2 from supplier/1598 to DOCK-1
08:14 A receive 40 BE-2908/K1309 from supplier/1598 to =PAL-1
08:16 A receive 7 NO-SUCH-ITEM from supplier/1598 to DOCK-1
08:18 A receive 5 AR-5381/K1310 from supplier/1598 to 06-B-05
08:20 A receive 4 LN-9080 from supplier/1598 to ?WRONG-BIN
08:30 B putaway 12 PA-187B/K1201@2028-12-01 from DOCK-1 to 03-A-03 taken -60s
08:32 B putaway 60 PA-361R/K1202@2028-12-01 from DOCK-1 to 03-A-03
08:34 B putaway 100 SO-B909-M from DOCK-1 to 07-FL-01
08:36 B move 1 BK-M82B-48#SN-1 from DOCK-1 to 07-FL-01
08:38 B move = PAL-1 to 50-A-11
08:40 B move 20 BE-2908/K1102 from 50-A-11 to 01-A-06
08:42 B putaway 3 FW-1000/K1301 from DOCK-1 to 01-E-04
09:00 A pick 1 BK-M82B-48#SN-1 from 07-FL-01 to STAGE-1 for SO-75104/1
09:02 A pick 4 HL-U509-B from 07-FL-23 to STAGE-1 for SO-75104/4
09:04 A ship 4 HL-U509-B from STAGE-1 to customer/C-104 for SO-75104/4
09:06 A ship 1 BK-M82B-48#SN-1 from STAGE-1 to customer/C-104 for SO-75104/1
09:08 A return 1 HL-U509-B from customer/C-104 to DOCK-1 for SO-75104/4
09:10 B issue 3 AR-5381/K1102 from 06-B-05 to production/WO-71774 for WO-71774/1
09:12 B issue 24 BE-2908/K1102 from 06-B-10 to production/WO-71774 for WO-71774/2 shown 2
09:14 B issue 9 CR-9981/K0916 from 01-C-35 to production/WO-71774 for WO-71774/3
09:16 B produce 3 HS-3479 to 06-M-08 for WO-71774
09:18 B issue 2 BE-2908/K1309 from =PAL-1 to cost/4711
09:20 A status 4 AR-5381/K1009 at 01-A-01 to quality
09:22 A adjust -2 FW-1000/K0919 01-E-04 broken
09:24 A adjust -80 FW-1000/K1101 50-G-10 lost
09:26 A adjust 30 BE-2349 06-B-09 found
09:28 B reverse 09:22
09:30 B reverse nobody-knows-it
10:00 A count 06-B-09: BE-2349=440
10:02 B count 06-B-05: AR-5381/K1102=320, AR-5381/K1310=5
10:04 A count 01-A-01: AR-5381/K1009=404, AR-5381/K1009!quality=4
10:06 B count 01-A-07: BE-2349=590
10:08 A count 06-B-10: BE-2908/K1009=224
10:10 B count 50-G-10: line FW-1000/K1101=310
"""

SECOND_DAY = """
1d 08:00 A move 2 BE-2349 from 06-B-09 to 01-A-07
1d 08:02 A count 07-FL-01: SO-B909-M=98
1d 08:04 B pick 36 GL-H102-L from 07-FL-04 to STAGE-1 for SO-75111/1
1d 08:06 B move 1 BK-M82B-48#SN-2 from DOCK-1 to 07-FL-01
1d 08:08 A ship = PAL-1 to customer/C-105
1d 08:10 B receive 2 AR-5381/K1310 from supplier/1598 to 06-B-05
1d 08:12 A count 50-A-05: AR-5381/K1009=353
"""

LATE = """
09:50 C move 3 BE-2349 from 06-B-09 to DOCK-1
09:59 C receive 6 AR-5381/K1102 from supplier/1598 to 06-B-05
"""
"""What a third handheld did on the first day, offline, and brings after the counts were decided."""
