// Products of whole numbers in the type SCALAR, by the routines BLAS(name). Included once a type by
// BLASSelfTest.c.

/// y = op(M)·x for a row-major matrix M, in Float64.
static void NAMED(times)(
    const SCALAR *matrix, int rows, int columns, int transposed, const double *x, double *y) {
  int count = transposed ? columns : rows, inner = transposed ? rows : columns;
  for (int i = 0; i < count; ++i) {
    y[i] = 0;
    for (int j = 0; j < inner; ++j) {
      y[i] += (double)matrix[transposed ? j * columns + i : i * columns + j] * x[j];
    }
  }
}

/// C := op(A)·op(B) − C, compared by its product with a vector.
static int NAMED(multiplies)(int m, int n, int k, SCALAR *a, SCALAR *b, SCALAR *c, const double *t) {
  double u[largest], v[largest], w[largest];
  for (int form = 0; form < 4; ++form) {
    int ta = form & 1, tb = form >> 1;
    for (int i = 0; i < m * n; ++i) c[i] = (SCALAR)small_integer((size_t)i + 11u);
    NAMED(times)(c, m, n, 0, t, w);
    BLAS(gemm)(
        CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a,
        ta ? m : k, b, tb ? k : n, -1, c, n);
    NAMED(times)(b, tb ? n : k, tb ? k : n, tb, t, u);
    NAMED(times)(a, ta ? k : m, ta ? m : k, ta, u, v);
    NAMED(times)(c, m, n, 0, t, u);
    for (int i = 0; i < m; ++i) {
      if (u[i] != v[i] - w[i]) return 0;
    }
  }
  return 1;
}

/// y := op(A)·x + 2y, entry by entry.
static int NAMED(applies)(int m, int k, const SCALAR *a, SCALAR *x, SCALAR *y, const double *t) {
  double u[largest];
  for (int transposed = 0; transposed < 2; ++transposed) {
    int count = transposed ? k : m;
    for (int i = 0; i < largest; ++i) x[i] = (SCALAR)t[i];
    for (int i = 0; i < count; ++i) y[i] = 1;
    BLAS(gemv)(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, m, k, 1, a, k, x, 1, 2, y, 1);
    NAMED(times)(a, m, k, transposed, t, u);
    for (int i = 0; i < count; ++i) {
      if ((double)y[i] != u[i] + 2) return 0;
    }
  }
  return 1;
}

/// The lower triangle of A·Aᵀ, entry by entry.
static int NAMED(squares)(int m, int k, const SCALAR *a, SCALAR *c) {
  BLAS(syrk)(CblasRowMajor, CblasLower, CblasNoTrans, m, k, 1, a, k, 0, c, m);
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 0;
      for (int l = 0; l < k; ++l) sum += (double)a[i * k + l] * (double)a[j * k + l];
      if ((double)c[i * m + j] != sum) return 0;
    }
  }
  return 1;
}

/// X from L·X for a unit triangle L. Two entries a row keep every number on the way small and
/// whole.
static int NAMED(solves)(SCALAR *a, SCALAR *b) {
  int n = 45, columns = 19;
  for (int i = 0; i < n * n; ++i) a[i] = 0;
  for (int i = 0; i < n; ++i) {
    a[i * n + i] = 1;
    if (i > 0) a[i * n + i * 5 / 7] = (SCALAR)(i % 2 ? 1 : -1);
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < columns; ++j) {
      SCALAR sum = 0;
      for (int l = 0; l <= i; ++l) {
        sum += a[i * n + l] * (SCALAR)small_integer((size_t)(l * columns + j));
      }
      b[i * columns + j] = sum;
    }
  }
  BLAS(trsm)(
      CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasUnit, n, columns, 1, a, n, b, columns);
  for (int i = 0; i < n * columns; ++i) {
    if ((double)b[i] != small_integer((size_t)i)) return 0;
  }
  return 1;
}

/// What came out wrong, or NULL.
static const char *NAMED(products)(SCALAR *a, SCALAR *b, SCALAR *c) {
  double t[largest];
  for (int i = 0; i < largest; ++i) t[i] = small_integer((size_t)i * 31u + 7u) + (i % 3 == 0);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; ++s) {
    int m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
    for (int i = 0; i < m * k; ++i) a[i] = (SCALAR)small_integer((size_t)i);
    for (int i = 0; i < n * k; ++i) b[i] = (SCALAR)small_integer((size_t)i + 4099u);
    if (!NAMED(multiplies)(m, n, k, a, b, c, t)) return "products of matrices";
    if (!NAMED(applies)(m, k, a, b, c, t)) return "products of a matrix and a vector";
    if (!NAMED(squares)(m, k, a, c)) return "products of a matrix with its transpose";
  }
  return NAMED(solves)(a, b) ? NULL : "solutions with triangular matrices";
}
