(** Fixed-point intervals of integers: [(lo, hi)] at [p] bits encloses [x] when
    [lo <= 2^p x <= hi] (proofs/fixed-point.md, exactqse/kernel/interval.py).
    Every operation rounds outward. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz.
Import ListNotations.
Open Scope Z_scope.

Definition interval := (Z * Z)%type.

(** [a / b] rounded down; by a shift if [b] is a power of 2. *)
Definition floor_div (a b : Z) : Z :=
  let k := Z.log2 b in if Z.shiftl 1 k =? b then Z.shiftr a k else a / b.
Definition ceil_div (a b : Z) : Z := - floor_div (- a) b.

Lemma floor_div_eq a b : floor_div a b = a / b.
Proof.
  unfold floor_div. destruct (Z.eqb_spec (Z.shiftl 1 (Z.log2 b)) b) as [E|]; [|reflexivity].
  rewrite Z.shiftr_div_pow2 by apply Z.log2_nonneg.
  now rewrite <- E at 2; rewrite Z.shiftl_mul_pow2, Z.mul_1_l by apply Z.log2_nonneg.
Qed.
(** [a / 2^p], rounded down and up. *)
Definition down (a p : Z) : Z := Z.shiftr a p.
Definition up (a p : Z) : Z := - Z.shiftr (- a) p.

Open Scope R_scope.

Lemma floor_div_le a b : (0 < b)%Z -> IZR (a / b) * IZR b <= IZR a.
Proof.
  intros H. rewrite <- mult_IZR. apply IZR_le. rewrite Z.mul_comm. now apply Z.mul_div_le.
Qed.

Lemma ceil_div_ge a b : (0 < b)%Z -> IZR a <= IZR (ceil_div a b) * IZR b.
Proof.
  intros H. pose proof (floor_div_le (- a) b H) as F. unfold ceil_div. rewrite floor_div_eq.
  rewrite opp_IZR in *. lra.
Qed.

(** The unit of the fixed point. *)
Definition unit (p : Z) : R := IZR (2 ^ p).

Lemma unit_pos p : (0 <= p)%Z -> 0 < unit p.
Proof. intros H. apply IZR_lt. now apply Z.pow_pos_nonneg. Qed.

Lemma down_le a p : (0 <= p)%Z -> IZR (down a p) * unit p <= IZR a.
Proof.
  intros H. unfold down. rewrite Z.shiftr_div_pow2 by assumption.
  apply floor_div_le. now apply Z.pow_pos_nonneg.
Qed.

Lemma up_ge a p : (0 <= p)%Z -> IZR a <= IZR (up a p) * unit p.
Proof.
  intros H. pose proof (down_le (- a) p H) as F. unfold up, down in *.
  rewrite opp_IZR in *. lra.
Qed.

Lemma unit_shift p k : (0 <= p)%Z -> (0 <= k)%Z -> unit (p + k) = unit p * unit k.
Proof. intros. unfold unit. rewrite Z.pow_add_r by assumption. apply mult_IZR. Qed.

Lemma shiftl_unit a k : (0 <= k)%Z -> IZR (Z.shiftl a k) = IZR a * unit k.
Proof. intros. rewrite Z.shiftl_mul_pow2 by assumption. apply mult_IZR. Qed.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.

Definition encloses (i : interval) (x : R) : Prop :=
  IZR (fst i) <= x * unit p <= IZR (snd i).

Let Hu : 0 < unit p := unit_pos p Hp.

Lemma encloses_ext i x y : x = y -> encloses i x -> encloses i y.
Proof. now intros <-. Qed.

(** ** Enclosures of rationals *)
Definition enclose_ratio (n d : Z) : interval :=
  let s := Z.shiftl n p in (floor_div s d, ceil_div s d)%Z.

Lemma enclose_ratio_correct n d : (0 < d)%Z -> encloses (enclose_ratio n d) (IZR n / IZR d).
Proof.
  intros H. assert (Hd : 0 < IZR d) by now apply IZR_lt.
  unfold enclose_ratio, encloses; cbn [fst snd]. rewrite floor_div_eq.
  pose proof (floor_div_le (Z.shiftl n p) d H) as F. pose proof (ceil_div_ge (Z.shiftl n p) d H) as C.
  rewrite shiftl_unit in F, C by assumption.
  assert (E : IZR n / IZR d * unit p = IZR n * unit p / IZR d) by (field; lra). rewrite E.
  split; (apply Rmult_le_reg_r with (IZR d); [assumption|]);
    replace (IZR n * unit p / IZR d * IZR d) with (IZR n * unit p) by (field; lra); assumption.
Qed.

Definition enclose (q : Q) : interval := enclose_ratio (Qnum q) (Zpos (Qden q)).

Lemma enclose_correct q : encloses (enclose q) (Q2R q).
Proof. now apply enclose_ratio_correct. Qed.

(** ** Sums *)
Definition add (x y : interval) : interval := (fst x + fst y, snd x + snd y)%Z.
Definition sub (x y : interval) : interval := (fst x - snd y, snd x - fst y)%Z.
Definition zero : interval := (0, 0)%Z.

Lemma add_correct i j x y : encloses i x -> encloses j y -> encloses (add i j) (x + y).
Proof. unfold encloses, add; simpl. rewrite !plus_IZR. lra. Qed.

Lemma sub_correct i j x y : encloses i x -> encloses j y -> encloses (sub i j) (x - y).
Proof. unfold encloses, sub; simpl. rewrite !minus_IZR. lra. Qed.

Lemma zero_correct : encloses zero 0.
Proof. unfold encloses, zero; simpl. lra. Qed.

(** An integer [k] is [k 2^p] units. *)
Definition shift_by (k : Z) (x : interval) : interval :=
  let s := Z.shiftl k p in (fst x - s, snd x - s)%Z.

Lemma shift_by_correct k i x : encloses i x -> encloses (shift_by k i) (x - IZR k).
Proof.
  unfold encloses, shift_by; simpl. rewrite !minus_IZR, shiftl_unit by assumption. lra.
Qed.

(** ** Products and quotients *)
Definition mul (x y : interval) : interval :=
  let a := (fst x * fst y)%Z in let b := (fst x * snd y)%Z in
  let c := (snd x * fst y)%Z in let d := (snd x * snd y)%Z in
  (down (Z.min (Z.min a b) (Z.min c d)) p, up (Z.max (Z.max a b) (Z.max c d)) p).

Lemma product_ends (a b c d x y : R) : a <= x <= b -> c <= y <= d ->
  Rmin (Rmin (a * c) (a * d)) (Rmin (b * c) (b * d)) <= x * y
  /\ x * y <= Rmax (Rmax (a * c) (a * d)) (Rmax (b * c) (b * d)).
Proof.
  intros [Ha Hb] [Hc Hd].
  assert (L : forall m, m <= a * c -> m <= a * d -> m <= b * c -> m <= b * d -> m <= x * y).
  { intros m H1 H2 H3 H4.
    assert (m <= a * y) by (destruct (Rle_or_lt 0 a); nra).
    assert (m <= b * y) by (destruct (Rle_or_lt 0 b); nra).
    destruct (Rle_or_lt 0 y); nra. }
  assert (U : forall m, a * c <= m -> a * d <= m -> b * c <= m -> b * d <= m -> x * y <= m).
  { intros m H1 H2 H3 H4.
    assert (a * y <= m) by (destruct (Rle_or_lt 0 a); nra).
    assert (b * y <= m) by (destruct (Rle_or_lt 0 b); nra).
    destruct (Rle_or_lt 0 y); nra. }
  split.
  - apply L; unfold Rmin; repeat destruct Rle_dec; lra.
  - apply U; unfold Rmax; repeat destruct Rle_dec; lra.
Qed.

Lemma IZR_min a b : IZR (Z.min a b) = Rmin (IZR a) (IZR b).
Proof.
  destruct (Z.min_spec a b) as [[H ->]|[H ->]]; [apply IZR_lt in H|apply IZR_le in H];
    unfold Rmin; destruct Rle_dec; lra.
Qed.

Lemma IZR_max a b : IZR (Z.max a b) = Rmax (IZR a) (IZR b).
Proof.
  destruct (Z.max_spec a b) as [[H ->]|[H ->]]; [apply IZR_lt in H|apply IZR_le in H];
    unfold Rmax; destruct Rle_dec; lra.
Qed.

Lemma mul_correct i j x y : encloses i x -> encloses j y -> encloses (mul i j) (x * y).
Proof.
  intros Hx Hy. unfold encloses in *.
  destruct (product_ends _ _ _ _ _ _ Hx Hy) as [L H]. unfold mul; simpl.
  pose proof (down_le (Z.min (Z.min (fst i * fst j) (fst i * snd j)) (Z.min (snd i * fst j) (snd i * snd j))) p Hp) as D.
  pose proof (up_ge (Z.max (Z.max (fst i * fst j) (fst i * snd j)) (Z.max (snd i * fst j) (snd i * snd j))) p Hp) as U.
  rewrite !IZR_min, !mult_IZR in D. rewrite !IZR_max, !mult_IZR in U.
  split; apply Rmult_le_reg_r with (unit p); try assumption; nra.
Qed.

(** The product of the upper ends, from that of the lower ends and the widths: the widths are short,
    and [Z.mul] takes time in the length of its first factor. *)
Definition upper_product (product : Z) (x y : interval) : Z :=
  (product + (snd y - fst y) * fst x + (snd x - fst x) * snd y)%Z.

Lemma upper_product_correct x y : upper_product (fst x * fst y) x y = (snd x * snd y)%Z.
Proof. unfold upper_product. ring. Qed.

(** Of nonnegative intervals. *)
Definition mul_nonneg (x y : interval) : interval :=
  let product := (fst x * fst y)%Z in (down product p, up (upper_product product x y) p).

Lemma mul_nonneg_correct i j x y : (0 <= fst i)%Z -> (0 <= fst j)%Z ->
  encloses i x -> encloses j y -> encloses (mul_nonneg i j) (x * y) /\ (0 <= fst (mul_nonneg i j))%Z.
Proof.
  intros Hi Hj [Hx1 Hx2] [Hy1 Hy2]. apply IZR_le in Hi as Ri, Hj as Rj.
  pose proof (down_le (fst i * fst j) p Hp) as D. pose proof (up_ge (snd i * snd j) p Hp) as U.
  rewrite mult_IZR in D, U. split.
  - unfold encloses, mul_nonneg; rewrite upper_product_correct; simpl.
    assert (0 <= x * unit p) by lra. assert (0 <= y * unit p) by lra.
    split; apply Rmult_le_reg_r with (unit p); try assumption.
    + apply Rle_trans with ((x * unit p) * (y * unit p)); [|lra].
      eapply Rle_trans; [exact D|]. apply Rmult_le_compat; assumption.
    + apply Rle_trans with ((x * unit p) * (y * unit p)); [lra|].
      eapply Rle_trans; [|exact U]. apply Rmult_le_compat; assumption.
  - unfold mul_nonneg; simpl. apply Z.shiftr_nonneg. nia.
Qed.

(** Times a ratio [n / d] of integers, [d] positive; floor and ceiling apart. *)
Definition scale_down (x n d : Z) : Z := floor_div (n * x) d.
Definition scale_up (x n d : Z) : Z := ceil_div (n * x) d.

Lemma scale_down_le x n d : (0 < d)%Z -> IZR (scale_down x n d) <= IZR x * (IZR n / IZR d).
Proof.
  intros H. apply IZR_lt in H as Hd. pose proof (floor_div_le (x * n) d H) as F.
  rewrite mult_IZR in F. apply Rmult_le_reg_r with (IZR d); [assumption|].
  unfold scale_down. rewrite floor_div_eq, Z.mul_comm. replace (IZR x * (IZR n / IZR d) * IZR d) with (IZR x * IZR n) by (field; lra).
  exact F.
Qed.

Lemma scale_up_ge x n d : (0 < d)%Z -> IZR x * (IZR n / IZR d) <= IZR (scale_up x n d).
Proof.
  intros H. apply IZR_lt in H as Hd. pose proof (ceil_div_ge (x * n) d H) as F.
  rewrite mult_IZR in F. apply Rmult_le_reg_r with (IZR d); [assumption|].
  unfold scale_up. rewrite Z.mul_comm. replace (IZR x * (IZR n / IZR d) * IZR d) with (IZR x * IZR n) by (field; lra).
  exact F.
Qed.

(** [x / y] for [y] with a positive lower end. *)
Definition quotient (x y : interval) : interval :=
  ((if (0 <=? fst x)%Z then Z.shiftl (fst x) p / snd y else Z.shiftl (fst x) p / fst y)%Z,
   (if (0 <=? snd x)%Z then ceil_div (Z.shiftl (snd x) p) (fst y)
    else ceil_div (Z.shiftl (snd x) p) (snd y))%Z).

Lemma quotient_correct i j x y : (0 < fst j)%Z -> encloses i x -> encloses j y ->
  encloses (quotient i j) (x / y).
Proof.
  intros Hj [Hx1 Hx2] [Hy1 Hy2]. apply IZR_lt in Hj as Rj.
  assert (Hy : 0 < y) by (apply Rmult_lt_reg_r with (unit p); lra).
  assert (Hs : (0 < snd j)%Z) by (apply lt_IZR; lra). apply IZR_lt in Hs as Rs.
  pose proof (floor_div_le (Z.shiftl (fst i) p) (snd j) Hs) as F1.
  pose proof (floor_div_le (Z.shiftl (fst i) p) (fst j) Hj) as F2.
  pose proof (ceil_div_ge (Z.shiftl (snd i) p) (snd j) Hs) as C1.
  pose proof (ceil_div_ge (Z.shiftl (snd i) p) (fst j) Hj) as C2.
  rewrite !shiftl_unit in * by assumption.
  assert (E : x / y * unit p = (x * unit p) * unit p / (y * unit p)) by (field; lra).
  unfold encloses, quotient; simpl. rewrite E.
  assert (Hyu : 0 < y * unit p) by nra.
  split; apply Rmult_le_reg_r with (y * unit p); try assumption;
    replace ((x * unit p) * unit p / (y * unit p) * (y * unit p)) with ((x * unit p) * unit p) by (field; lra).
  - destruct (Z.leb_spec 0 (fst i)) as [S|S]; [apply IZR_le in S|apply IZR_lt in S].
    + set (f := (Z.shiftl (fst i) p / snd j)%Z) in *.
      assert (0 <= IZR f).
      { apply IZR_le. unfold f. apply Z.div_pos; [|assumption].
        rewrite Z.shiftl_nonneg. now apply le_IZR. }
      apply Rle_trans with (IZR f * IZR (snd j)); [apply Rmult_le_compat_l; assumption|].
      eapply Rle_trans; [exact F1|]. apply Rmult_le_compat_r; lra.
    + set (f := (Z.shiftl (fst i) p / fst j)%Z) in *.
      assert (IZR f <= 0).
      { apply IZR_le. unfold f. apply lt_IZR in S. apply Z.lt_le_incl, Z.div_lt_upper_bound; [assumption|].
        rewrite Z.mul_0_r. now apply Z.shiftl_neg. }
      apply Rle_trans with (IZR f * IZR (fst j)); [nra|].
      eapply Rle_trans; [exact F2|]. apply Rmult_le_compat_r; lra.
  - destruct (Z.leb_spec 0 (snd i)) as [S|S]; [apply IZR_le in S|apply IZR_lt in S].
    + set (c := ceil_div (Z.shiftl (snd i) p) (fst j)) in *.
      assert (0 <= IZR c) by (destruct (Rle_or_lt 0 (IZR c)); nra).
      apply Rle_trans with (IZR c * IZR (fst j)); [|apply Rmult_le_compat_l; assumption].
      eapply Rle_trans; [|exact C2]. apply Rmult_le_compat_r; lra.
    + set (c := ceil_div (Z.shiftl (snd i) p) (snd j)) in *.
      apply Rle_trans with (IZR (snd i) * unit p); [apply Rmult_le_compat_r; lra|].
      eapply Rle_trans; [exact C1|].
      assert (IZR c <= 0); [|nra].
      apply IZR_le. unfold c, ceil_div. rewrite floor_div_eq. apply lt_IZR in S.
      assert (0 <= - Z.shiftl (snd i) p / snd j)%Z; [|lia].
      apply Z.div_pos; [|assumption]. pose proof (proj2 (Z.shiftl_neg (snd i) p) S). lia.
Qed.

(** ** Comparisons *)
Lemma le_from_upper (n : Z) x : x * unit p <= IZR n -> (n <= 0)%Z -> x <= 0.
Proof. intros H L. apply IZR_le in L. apply Rmult_le_reg_r with (unit p); lra. Qed.
End Precision.
