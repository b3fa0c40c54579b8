"""A picture of an installation as configured: releases, pools, data services, who reaches whom and who serves whom."""
